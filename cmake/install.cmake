include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(DIRECTORY include/brindle DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS brindle brindle_native EXPORT brindle-targets)
install(EXPORT brindle-targets NAMESPACE brindle:: DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/brindle)
configure_package_config_file(cmake/brindle-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/brindle-config.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/brindle)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/brindle-config-version.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/optional.cmake ${CMAKE_CURRENT_BINARY_DIR}/brindle-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/brindle-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_DATADIR}/cmake/brindle)
