# SPDX-License-Identifier: MIT
# brindle::compiled, the compiled form: a static library that is built once, from the same headers, for programs that see
# declarations only (BRINDLE_COMPILED, which it defines for those that link it).
#
#     target_link_libraries(program PRIVATE brindle::compiled)
#
# It is built when something links it. Its CPU kernels are there for each instruction set of BRINDLE_COMPILED_ISAS, and the
# program takes the widest that the processor has (ops::cpu_isa()); all else has the flags of the project. With `none` the
# kernels, too, have the project's flags, with `native` those of the machine that builds, and are the only ones.

# The rooms with a unit of their own, include/brindle/compiled/<room>.hpp, and the classifier of inference.hpp.
set(BRINDLE_COMPILED_ROOMS core ops image data io nn train models report inference)

if(NOT DEFINED BRINDLE_COMPILED_ISAS)
  set(BRINDLE_COMPILED_ISAS auto CACHE STRING
      "Instruction sets of brindle::compiled's kernels: some of x86-64-v2;x86-64-v3;x86-64-v4, auto: all of them where that can be done, native: that of the machine that builds, none: that of the flags")
endif()

# The kernels of an instruction set become one object in which all but their table is local: the linker would else take one
# copy of a function for all sets. That takes ELF, and a linker that resolves the groups of templates while it does so. Sets
# `result` to why that cannot be done here, or to nothing.
function(brindle_obstacle_to_isas result)
  set(obstacle "")
  get_directory_property(options COMPILE_OPTIONS)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" config)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$"
     OR NOT CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(obstacle "that is for Linux on x86-64")
  elseif(NOT CMAKE_CXX_COMPILER_ID MATCHES "^(GNU|Clang)$")
    set(obstacle "that is for GCC and Clang")
  elseif("${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${config}} ${options}" MATCHES
         "-fsanitize|--coverage|-fprofile|-fcoverage|(^|[ ;])-pg($|[ ;])")
    set(obstacle "sanitizers and profiles need symbols that are shared")
  else()
    foreach(linker "${CMAKE_LINKER}" ld.bfd ld)
      if(BRINDLE_CLOSING_LINKER)
        break()
      endif()
      execute_process(COMMAND "${linker}" --help OUTPUT_VARIABLE help ERROR_QUIET RESULT_VARIABLE failed)
      if(NOT failed AND help MATCHES "--force-group-allocation")
        set(BRINDLE_CLOSING_LINKER "${linker}" CACHE STRING "Links the kernels of an instruction set (-r --force-group-allocation)")
        mark_as_advanced(BRINDLE_CLOSING_LINKER)
      endif()
    endforeach()
    if(NOT BRINDLE_CLOSING_LINKER OR NOT CMAKE_OBJCOPY)
      set(obstacle "that takes ld (with --force-group-allocation) and objcopy of GNU binutils")
    endif()
  endif()
  set(${result} "${obstacle}" PARENT_SCOPE)
endfunction()

# Sets `result` to the instruction sets that are meant, from the narrowest.
function(brindle_choose_isas result)
  brindle_obstacle_to_isas(obstacle)
  set(isas "")
  if(BRINDLE_COMPILED_ISAS STREQUAL "auto")
    if(NOT obstacle)
      set(isas x86-64-v2 x86-64-v3 x86-64-v4)
    endif()
  elseif(BRINDLE_COMPILED_ISAS AND NOT BRINDLE_COMPILED_ISAS MATCHES "^(none|native)$")
    set(unknown ${BRINDLE_COMPILED_ISAS})
    foreach(isa x86-64-v2 x86-64-v3 x86-64-v4)  # from the narrowest, in whatever order they are asked for
      if(isa IN_LIST BRINDLE_COMPILED_ISAS)
        list(APPEND isas ${isa})
        list(REMOVE_ITEM unknown ${isa})
      endif()
    endforeach()
    if(unknown)
      message(FATAL_ERROR "brindle: BRINDLE_COMPILED_ISAS has \"${unknown}\": expected some of x86-64-v2, x86-64-v3 "
                          "and x86-64-v4, auto, native or none")
    endif()
    if(obstacle)
      message(FATAL_ERROR "brindle: BRINDLE_COMPILED_ISAS is \"${BRINDLE_COMPILED_ISAS}\", but kernels for several "
                          "instruction sets cannot be built here: ${obstacle}. Leave it at auto, or set it to none")
    endif()
  endif()
  set(${result} "${isas}" PARENT_SCOPE)
endfunction()

function(brindle_add_compiled)
  brindle_choose_isas(isas)
  set(stubs ${CMAKE_CURRENT_BINARY_DIR}/brindle_compiled)
  if(isas)
    string(REPLACE "-" "_" levels "${isas}")
  else()
    set(levels own)
  endif()
  list(TRANSFORM levels REPLACE "(.+)" "LEVEL(\\1)" OUTPUT_VARIABLE list_of_levels)
  list(JOIN list_of_levels " " list_of_levels)

  # A unit is one line, its room's header; that of ops is told before what kernels there are.
  foreach(room IN LISTS BRINDLE_COMPILED_ROOMS ITEMS kernels)
    set(before "")
    if(room STREQUAL "ops")
      set(before "#define BRINDLE_KERNEL_LEVELS(LEVEL) ${list_of_levels}\n")
    endif()
    file(CONFIGURE OUTPUT ${stubs}/${room}.cpp CONTENT "${before}#include <brindle/compiled/${room}.hpp>\n" @ONLY)
  endforeach()
  list(TRANSFORM BRINDLE_COMPILED_ROOMS REPLACE "(.+)" "${stubs}/\\1.cpp" OUTPUT_VARIABLE sources)

  get_target_property(imported brindle::brindle IMPORTED)
  set(system "")
  if(imported)
    set(system SYSTEM)  # as CMake takes the headers of what is installed
  endif()
  add_library(brindle_compiled STATIC EXCLUDE_FROM_ALL ${sources})
  add_library(brindle::compiled ALIAS brindle_compiled)
  set_target_properties(brindle_compiled PROPERTIES UNITY_BUILD OFF)
  target_compile_features(brindle_compiled PUBLIC cxx_std_20)
  target_compile_definitions(brindle_compiled PUBLIC BRINDLE_COMPILED)
  target_include_directories(brindle_compiled ${system} PUBLIC
                             $<TARGET_PROPERTY:brindle::brindle,INTERFACE_INCLUDE_DIRECTORIES>)
  target_link_libraries(brindle_compiled PUBLIC Threads::Threads)
  foreach(optional brindle::hdf5 brindle::zlib brindle::webp brindle::turbojpeg)  # for Keras's files and pictures
    if(TARGET ${optional})
      target_link_libraries(brindle_compiled PRIVATE ${optional})
    endif()
  endforeach()

  # The kernels, the only units that see Eigen.
  foreach(level IN LISTS levels)
    set(target brindle_kernels_${level})
    add_library(${target} OBJECT EXCLUDE_FROM_ALL ${stubs}/kernels.cpp)
    target_compile_features(${target} PRIVATE cxx_std_20)
    target_compile_definitions(${target} PRIVATE BRINDLE_COMPILED BRINDLE_KERNEL_LEVEL=${level})
    target_include_directories(${target} ${system} PRIVATE
                               $<TARGET_PROPERTY:brindle::brindle,INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_libraries(${target} PRIVATE Eigen3::Eigen Threads::Threads)
    if(level STREQUAL "own")
      target_sources(brindle_compiled PRIVATE $<TARGET_OBJECTS:${target}>)
      if(BRINDLE_COMPILED_ISAS STREQUAL "native")  # it runs here alone, so that nothing need be kept apart
        target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-O3;-march=native>)
      endif()
      continue()
    endif()

    # Optimised in every build: what the ops are given is checked outside, whatever NDEBUG is, and a program that is being
    # debugged still has to compute. GCC would mark statics of inline functions as one for all, even when they are local.
    string(REPLACE "_v" "-v" isa ${level})
    string(REPLACE "x86_64" "x86-64" isa ${isa})
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF UNITY_BUILD OFF)
    target_compile_definitions(${target} PRIVATE NDEBUG BRINDLE_NO_BUILD_ADVICE)
    target_compile_options(${target} PRIVATE -O3 -march=${isa} -fno-lto $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    set(folder ${stubs})
    if(CMAKE_CONFIGURATION_TYPES)
      set(folder ${stubs}/$<CONFIG>)
    endif()
    set(open ${folder}/${level}_open${CMAKE_CXX_OUTPUT_EXTENSION})
    set(closed ${folder}/${level}${CMAKE_CXX_OUTPUT_EXTENSION})
    add_custom_command(
      OUTPUT ${closed}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
      COMMAND ${BRINDLE_CLOSING_LINKER} -r --force-group-allocation $<TARGET_OBJECTS:${target}> -o ${open}
      COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=brindle_kernels_${level} ${open} ${closed}
      DEPENDS ${target} $<TARGET_OBJECTS:${target}>
      COMMENT "Closing brindle's kernels for ${isa}" COMMAND_EXPAND_LISTS VERBATIM)
    set_source_files_properties(${closed} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
    target_sources(brindle_compiled PRIVATE ${closed})
  endforeach()
  set_target_properties(brindle_compiled PROPERTIES BRINDLE_LEVELS "${levels}" BRINDLE_FOLDER ${stubs})  # for tests
endfunction()

if(CMAKE_CXX_COMPILER_LOADED AND NOT TARGET brindle_compiled)
  brindle_add_compiled()
endif()
