# SPDX-License-Identifier: MIT
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(DIRECTORY include/brindle DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS brindle brindle_native EXPORT brindle-targets)
install(EXPORT brindle-targets NAMESPACE brindle:: DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/brindle)
configure_package_config_file(cmake/brindle-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/brindle-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/brindle)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/brindle-config-version.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/optional.cmake cmake/compiled.cmake ${CMAKE_CURRENT_BINARY_DIR}/brindle-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/brindle-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/brindle)

# For pkg-config: the folder is found from where the file lies, so that the installed tree can be moved.
set(pc_folder ${CMAKE_INSTALL_DATADIR}/pkgconfig)
file(RELATIVE_PATH pc_to_prefix /prefix/${pc_folder} /prefix)
configure_file(cmake/brindle.pc.in ${CMAKE_CURRENT_BINARY_DIR}/brindle.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/brindle.pc DESTINATION ${pc_folder})
