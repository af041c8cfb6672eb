// What is known of the file system that a file is on.
#pragma once

namespace kontext {

// It is on one of this machine's own disks or in its memory, of a kind that is known: a directory
// gets new times with every name that comes or goes, at once, and a file stays as it is while it is
// open, whoever removes its name. Of a server's it is not known, nor of FAT.
bool IsOnLocalFs(int fd);

}  // namespace kontext
