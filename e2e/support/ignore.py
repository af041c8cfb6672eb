"""What .dockerignore means, three readings of it: as documented, and as two generations of Docker walk.

Written from Docker's documentation. The walks take short cuts that the documentation does not have;
where they change nothing, the real Docker can judge kontext.
"""

import re


def translate(pattern):
    """A clean pattern, without escapes, as a regular expression."""
    out, at = "", 0
    while at < len(pattern):
        rest = pattern[at:]
        if rest.startswith("**"):
            at += 3 if rest[2:3] == "/" else 2
            out += ".*" if at >= len(pattern) else "(.*/)?"
        elif rest[0] == "[":
            end = rest.index("]", 2)
            out, at = out + rest[:end + 1], at + end + 1
        else:
            out += {"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0]))
            at += 1
    return re.compile(out, re.DOTALL)


class Rules:
    """Made of (is_exception, clean pattern) in order."""

    def __init__(self, rules):
        self.rules = [(exception, pattern, translate(pattern)) for exception, pattern in rules]

    def documented(self, paths):
        """The paths that are sent: the last rule that matches one, or where it lies, decides."""
        def is_sent(path):
            places = [path, *parents(path)]
            sent = True
            for exception, _, regex in self.rules:
                if any(regex.fullmatch(place) for place in places):
                    sent = exception
            return sent
        return with_parents(path for path in paths if is_sent(path))

    def old_walk(self, paths):
        """Docker 20.10: of the directories above only that as deep as the pattern is looked at."""
        def is_sent(path, _):
            sent = True
            for exception, pattern, regex in self.rules:
                depth = pattern.count("/") + 1
                above = "/".join(path.split("/")[:-1][:depth])
                if regex.fullmatch(path) or (path.count("/") >= depth and regex.fullmatch(above)):
                    sent = exception
            return sent, None
        return self.walk(paths, is_sent)

    def new_walk(self, paths):
        """Since then: a rule that could change nothing for a directory is not looked at for it."""
        def is_sent(path, above):
            sent, matched = True, []
            for number, (exception, _, regex) in enumerate(self.rules):
                inherited = above is not None and above[number]
                match = inherited or (exception != sent and bool(regex.fullmatch(path)))
                matched.append(match)
                if match:
                    sent = exception
            return sent, matched
        return self.walk(paths, is_sent)

    def walk(self, paths, is_sent):
        """Both enter an ignored directory only for an exception whose text begins with its path."""
        entered, sent = {"": None}, set()
        for path in sorted(paths, key=lambda path: path.split("/")):
            above = parents(path)[0] if parents(path) else ""
            if above not in entered:
                continue
            wanted, state = is_sent(path, entered[above])
            if wanted:
                sent.add(path)
            if wanted or any(exception and (pattern + "/").startswith(path + "/")
                             for exception, pattern, _ in self.rules):
                entered[path] = state
        return with_parents(sent)


def parents(path):
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]


def with_parents(paths):
    return {place for path in paths for place in (path, *parents(path))}
