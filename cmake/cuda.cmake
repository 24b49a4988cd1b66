# SPDX-License-Identifier: MIT
# BRINDLE_CUDA: whether brindle's own tests, examples and benchmarks are built for NVIDIA GPUs, by nvcc. Users need it
# not: they link brindle::cuda and compile with nvcc what trains.
set(BRINDLE_CUDA OFF CACHE STRING "Build tests, examples and benchmarks for NVIDIA GPUs: ON, OFF or AUTO (if nvcc is found)")
set_property(CACHE BRINDLE_CUDA PROPERTY STRINGS ON OFF AUTO)
set(BRINDLE_WITH_CUDA ${BRINDLE_CUDA})
if(BRINDLE_CUDA STREQUAL "AUTO")
  # An nvcc that CMake finds by itself need not be on the PATH.
  if(CUDAToolkit_NVCC_EXECUTABLE AND NOT DEFINED ENV{CUDACXX})
    set(ENV{CUDACXX} ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  include(CheckLanguage)
  check_language(CUDA)
  set(BRINDLE_WITH_CUDA OFF)
  if(CMAKE_CUDA_COMPILER AND TARGET brindle::cuda)
    set(BRINDLE_WITH_CUDA ON)
  endif()
endif()
if(BRINDLE_WITH_CUDA)
  if(NOT TARGET brindle::cuda)
    message(FATAL_ERROR "BRINDLE_CUDA needs the CUDA toolkit with cuBLAS, and cuDNN 9: say where they are with "
                        "-DCUDAToolkit_ROOT=..., -DBRINDLE_CUDNN_INCLUDE=... and -DBRINDLE_CUDNN_LIBRARY=...")
  endif()
  if(NOT CMAKE_CUDA_COMPILER AND CUDAToolkit_NVCC_EXECUTABLE)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
  endif()
  # Ampere, Hopper and Blackwell as machine code; whatever comes later compiles the last one's PTX when it starts.
  if(CUDAToolkit_VERSION VERSION_LESS 12.8)  # does not know Blackwell
    set(BRINDLE_CUDA_ARCHITECTURES "80-real;90")
  else()
    set(BRINDLE_CUDA_ARCHITECTURES "80-real;90-real;100")
  endif()
  set(CMAKE_CUDA_ARCHITECTURES ${BRINDLE_CUDA_ARCHITECTURES} CACHE STRING "GPUs to compile for")
  set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
  enable_language(CUDA)
endif()

# Builds a program's source file with nvcc where the GPU is wanted, and tells it so.
function(brindle_use_cuda target)
  if(BRINDLE_WITH_CUDA)
    get_target_property(sources ${target} SOURCES)
    set_source_files_properties(${sources} PROPERTIES LANGUAGE CUDA)
    target_link_libraries(${target} PRIVATE brindle::cuda)
    target_compile_definitions(${target} PRIVATE BRINDLE_EXAMPLE_CUDA)
  endif()
endfunction()
