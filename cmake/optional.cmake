# SPDX-License-Identifier: MIT
# Libraries that parts of brindle take, each a target of its own where it is found:
#
#     brindle::hdf5   files of HDF5 (.h5, .weights.h5, .keras); Debian: libhdf5-dev
#     brindle::zlib   compressed entries of .keras and .npz files; Debian: zlib1g-dev
#     brindle::webp   WebP pictures; Debian: libwebp-dev
#     brindle::turbojpeg   JPEG by libjpeg-turbo; Debian: libturbojpeg0-dev
#     brindle::mpi    training by several processes, brindle/distributed.hpp; Debian: libopenmpi-dev or libmpich-dev
#     brindle::cuda   NVIDIA GPUs: CUDA toolkit with cuBLAS, cuDNN 9
#     brindle::nccl   GPUs of several processes that send to each other, brindle/cuda_distributed.hpp: NCCL 2; NVIDIA's
#                     packages: libnccl-dev
#
# A program that does not link them does everything else.
# A library without a package of CMake's own: brindle_optional(name HEADER LIBRARY_NAMES... [PATHS ...] [SUFFIXES ...]) makes
# brindle::<name> of it, whose users have BRINDLE_<NAME> defined.
macro(brindle_optional name header)
  cmake_parse_arguments(optional "" "" "NAMES;PATHS;SUFFIXES" ${ARGN})
  string(TOUPPER ${name} optional_NAME)
  find_path(BRINDLE_${optional_NAME}_INCLUDE ${header} PATHS ${optional_PATHS})
  find_library(BRINDLE_${optional_NAME}_LIBRARY NAMES ${optional_NAMES} PATH_SUFFIXES ${optional_SUFFIXES})
  mark_as_advanced(BRINDLE_${optional_NAME}_INCLUDE BRINDLE_${optional_NAME}_LIBRARY)
  if(BRINDLE_${optional_NAME}_INCLUDE AND BRINDLE_${optional_NAME}_LIBRARY AND NOT TARGET brindle::${name})
    add_library(brindle::${name} INTERFACE IMPORTED)
    set_target_properties(brindle::${name} PROPERTIES INTERFACE_COMPILE_DEFINITIONS BRINDLE_${optional_NAME})
    target_include_directories(brindle::${name} SYSTEM INTERFACE ${BRINDLE_${optional_NAME}_INCLUDE})
    target_link_libraries(brindle::${name} INTERFACE ${BRINDLE_${optional_NAME}_LIBRARY})
  endif()
endmacro()

brindle_optional(hdf5 hdf5.h NAMES hdf5_serial hdf5 PATHS /usr/include/hdf5/serial SUFFIXES hdf5/serial)
brindle_optional(turbojpeg turbojpeg.h NAMES turbojpeg)
brindle_optional(webp webp/decode.h NAMES webp)
find_library(BRINDLE_WEBP_SHARPYUV_LIBRARY sharpyuv)  # what a static libwebp needs from version 1.3 on
mark_as_advanced(BRINDLE_WEBP_SHARPYUV_LIBRARY)
if(TARGET brindle::webp AND BRINDLE_WEBP_SHARPYUV_LIBRARY)
  target_link_libraries(brindle::webp INTERFACE ${BRINDLE_WEBP_SHARPYUV_LIBRARY})
endif()

find_package(ZLIB QUIET)
if(ZLIB_FOUND AND NOT TARGET brindle::zlib)
  add_library(brindle::zlib INTERFACE IMPORTED)
  set_target_properties(brindle::zlib PROPERTIES INTERFACE_COMPILE_DEFINITIONS BRINDLE_ZLIB)
  target_link_libraries(brindle::zlib INTERFACE ZLIB::ZLIB)
endif()

# -DBRINDLE_MPI=OFF leaves MPI alone. Which one, where there are several, is FindMPI's choice: -DMPI_CXX_COMPILER=mpicxx.mpich.
option(BRINDLE_MPI "Look for MPI, for training by several processes" ON)
mark_as_advanced(BRINDLE_MPI)
if(BRINDLE_MPI AND NOT TARGET brindle::mpi)
  set(MPI_CXX_SKIP_MPICXX ON)  # the functions of C are used
  find_package(MPI QUIET COMPONENTS CXX)
  if(MPI_CXX_FOUND)  # the target MPI::MPI_CXX is there without any MPI, too
    add_library(brindle::mpi INTERFACE IMPORTED)
    set_target_properties(brindle::mpi PROPERTIES INTERFACE_COMPILE_DEFINITIONS BRINDLE_MPI)
    target_link_libraries(brindle::mpi INTERFACE MPI::MPI_CXX)
  endif()
endif()

find_package(CUDAToolkit QUIET)
if(CUDAToolkit_FOUND)
  find_path(BRINDLE_CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(BRINDLE_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
  mark_as_advanced(BRINDLE_CUDNN_INCLUDE BRINDLE_CUDNN_LIBRARY)
  if(TARGET CUDA::cublasLt AND BRINDLE_CUDNN_INCLUDE AND BRINDLE_CUDNN_LIBRARY AND NOT TARGET brindle::cuda)
    add_library(brindle::cuda INTERFACE IMPORTED)
    target_include_directories(brindle::cuda SYSTEM INTERFACE ${CUDAToolkit_INCLUDE_DIRS} ${BRINDLE_CUDNN_INCLUDE})
    # CMake before 3.26 does not know that nvcc speaks C++20. The other two are for Eigen, and for unrolling pragmas that
    # nvcc leaves to the host's compiler.
    target_compile_options(brindle::cuda INTERFACE
      $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--expt-relaxed-constexpr;-diag-suppress=1675,20012>)
    target_link_libraries(brindle::cuda INTERFACE CUDA::cudart CUDA::cublasLt ${BRINDLE_CUDNN_LIBRARY})
  endif()
endif()

# -DBRINDLE_NCCL=ON ends with a message where it is not found, OFF leaves it alone.
set(BRINDLE_NCCL AUTO CACHE STRING "Look for NCCL, for GPUs that send to each other: ON, OFF or AUTO (if it is found)")
set_property(CACHE BRINDLE_NCCL PROPERTY STRINGS ON OFF AUTO)
mark_as_advanced(BRINDLE_NCCL)
if(BRINDLE_NCCL)
  find_path(BRINDLE_NCCL_INCLUDE nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(BRINDLE_NCCL_LIBRARY NAMES nccl libnccl.so.2 HINTS ${CUDAToolkit_LIBRARY_DIR})
  mark_as_advanced(BRINDLE_NCCL_INCLUDE BRINDLE_NCCL_LIBRARY)
  if(TARGET brindle::cuda AND BRINDLE_NCCL_INCLUDE AND BRINDLE_NCCL_LIBRARY AND NOT TARGET brindle::nccl)
    add_library(brindle::nccl INTERFACE IMPORTED)
    set_target_properties(brindle::nccl PROPERTIES INTERFACE_COMPILE_DEFINITIONS BRINDLE_NCCL)
    target_include_directories(brindle::nccl SYSTEM INTERFACE ${BRINDLE_NCCL_INCLUDE})
    target_link_libraries(brindle::nccl INTERFACE brindle::cuda ${BRINDLE_NCCL_LIBRARY})
  endif()
  if(NOT BRINDLE_NCCL STREQUAL "AUTO" AND NOT TARGET brindle::nccl)
    message(FATAL_ERROR "BRINDLE_NCCL needs brindle::cuda, nccl.h and libnccl: install libnccl-dev of NVIDIA's packages, or "
                        "say where they are with -DBRINDLE_NCCL_INCLUDE=... and -DBRINDLE_NCCL_LIBRARY=...")
  endif()
endif()
