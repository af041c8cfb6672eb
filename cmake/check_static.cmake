# cmake -D PROGRAM=FILE -D MAX_SIZE=BYTES -P check_static.cmake: refuses, and removes, a program
# that is too large or needs a dynamic loader.
file(SIZE ${PROGRAM} size)
find_program(READELF readelf REQUIRED)
execute_process(COMMAND ${READELF} --program-headers --wide ${PROGRAM}
  OUTPUT_VARIABLE headers COMMAND_ERROR_IS_FATAL ANY)
if(size GREATER MAX_SIZE)
  set(problem "has ${size} bytes, may have ${MAX_SIZE}")
elseif(headers MATCHES "INTERP|DYNAMIC")
  set(problem "is not static")
endif()
if(problem)
  file(REMOVE ${PROGRAM})
  message(FATAL_ERROR "${PROGRAM} ${problem}")
endif()
