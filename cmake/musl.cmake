# kontext_add_musl_executable(NAME ARCH SOURCES...): a static program for Linux on ARCH (amd64 or
# arm64), built with the distribution's g++ against musl, without the C++ runtime. NAME is a target
# of ALL; the program is ${CMAKE_BINARY_DIR}/bin/NAME.
#
# CMake has one C++ compiler per build tree and the host needs that one, so compiling and linking
# are commands of our own. They run no search of their own either: headers and objects that belong
# to glibc must not leak in.

cmake_policy(SET CMP0116 NEW)  # paths in depfiles

# A program larger than this is refused (design, section 6).
set(KONTEXT_MUSL_MAX_SIZE 65536)

find_path(RAPIDJSON_INCLUDE_DIR rapidjson/reader.h REQUIRED)

# Finds compiler and directories for ARCH; sets musl_compiler, musl_lib_dir and musl_flags.
function(_kontext_musl_toolchain arch)
  if(arch STREQUAL "amd64")
    set(machine x86_64)
  elseif(arch STREQUAL "arm64")
    set(machine aarch64)
  else()
    message(FATAL_ERROR "musl: unknown architecture ${arch}")
  endif()
  find_program(KONTEXT_MUSL_CXX_${arch} ${machine}-linux-gnu-g++ REQUIRED)
  set(compiler ${KONTEXT_MUSL_CXX_${arch}})
  set(lib_dir /usr/lib/${machine}-linux-musl)
  set(include_dir /usr/include/${machine}-linux-musl)
  if(NOT EXISTS ${lib_dir}/libc.a OR NOT EXISTS ${include_dir}/stdio.h)
    message(FATAL_ERROR "musl: ${lib_dir} is incomplete; install musl-dev:${arch}")
  endif()

  # libstdc++'s headers are where the compiler looks for them. Their os_defines.h is glibc's;
  # an empty one of ours comes before it. RapidJSON is reached by a link for the same reason.
  set(own_dir ${CMAKE_BINARY_DIR}/musl-include)
  file(WRITE ${own_dir}/bits/os_defines.h.new "#define __NO_CTYPE 1\n")
  file(COPY_FILE ${own_dir}/bits/os_defines.h.new ${own_dir}/bits/os_defines.h ONLY_IF_DIFFERENT)
  file(CREATE_LINK ${RAPIDJSON_INCLUDE_DIR}/rapidjson ${own_dir}/rapidjson SYMBOLIC)
  execute_process(COMMAND ${compiler} -E -x c++ - -v INPUT_FILE /dev/null
    OUTPUT_QUIET ERROR_VARIABLE verbose COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "\n (/[^\n]*/c\\+\\+/[^\n]*)" cxx_dirs "${verbose}")
  execute_process(COMMAND ${compiler} -print-file-name=include
    OUTPUT_VARIABLE builtin_dir OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

  set(flags -nostdinc -nostdinc++ -isystem ${own_dir})
  foreach(dir ${cxx_dirs})
    string(STRIP "${dir}" dir)
    list(APPEND flags -isystem ${dir})
  endforeach()
  list(APPEND flags -isystem ${include_dir} -isystem ${builtin_dir})
  if(arch STREQUAL "arm64")
    # Outline atomics: their start-up code asks glibc for the CPU. Tiny: every address of a program
    # of less than 1 MiB is one instruction away.
    list(APPEND flags -mno-outline-atomics -mcmodel=tiny)
  endif()
  set(musl_compiler ${compiler} PARENT_SCOPE)
  set(musl_lib_dir ${lib_dir} PARENT_SCOPE)
  set(musl_flags ${flags} PARENT_SCOPE)
endfunction()

function(kontext_add_musl_executable name arch)
  _kontext_musl_toolchain(${arch})
  list(APPEND musl_flags
    -std=c++20 -Os -flto -DNDEBUG -D_GNU_SOURCE -DKONTEXT_VERSION="${PROJECT_VERSION}"
    -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables
    -fno-unwind-tables -fno-stack-protector -fno-pie -fno-ident
    -ffunction-sections -fdata-sections
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build
    -I${PROJECT_SOURCE_DIR} -Wall -Wextra -Wpedantic)
  if(KONTEXT_WERROR)
    list(APPEND musl_flags -Werror)
  endif()

  set(objects)
  foreach(source ${ARGN})
    file(RELATIVE_PATH object ${PROJECT_SOURCE_DIR} ${source})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/${object}.o)
    get_filename_component(object_dir ${object} DIRECTORY)
    file(MAKE_DIRECTORY ${object_dir})
    set(optimize)
    if(source MATCHES "/sha256[^/]*\\.cc$")
      set(optimize -O2)
    endif()
    add_custom_command(OUTPUT ${object}
      COMMAND ${musl_compiler} ${musl_flags} ${optimize} -MD -MF ${object}.d -MT ${object}
        -c ${source} -o ${object}
      DEPENDS ${source} DEPFILE ${object}.d
      COMMENT "Building ${name}: ${object}" VERBATIM)
    list(APPEND objects ${object})
  endforeach()

  # norelro: nothing is relocated at run time, and on arm64 its padding alone costs 50 KiB.
  set(program ${CMAKE_BINARY_DIR}/bin/${name})
  set(check ${PROJECT_SOURCE_DIR}/cmake/check_static.cmake)
  add_custom_command(OUTPUT ${program}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/bin
    COMMAND ${musl_compiler} -Os -flto -static -no-pie -nostdlib -o ${program}
      ${musl_lib_dir}/crt1.o ${musl_lib_dir}/crti.o ${objects}
      -Wl,--start-group ${musl_lib_dir}/libc.a -lgcc -Wl,--end-group ${musl_lib_dir}/crtn.o
      -Wl,--gc-sections -Wl,-s -Wl,-z,noseparate-code -Wl,-z,noexecstack -Wl,-z,norelro
      -Wl,--build-id=none
    COMMAND ${CMAKE_COMMAND} -D PROGRAM=${program} -D MAX_SIZE=${KONTEXT_MUSL_MAX_SIZE} -P ${check}
    DEPENDS ${objects} ${check} ${musl_lib_dir}/libc.a
    COMMENT "Linking ${name}" VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${program})
endfunction()
