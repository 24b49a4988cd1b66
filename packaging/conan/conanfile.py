# SPDX-License-Identifier: MIT
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, get, load
from conan.tools.layout import basic_layout


class BrindleConan(ConanFile):
    name = "brindle"
    description = "Train, fine-tune and run image classifiers in C++"
    license = "MIT"
    topics = ("deep-learning", "image-classification", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"system_libraries": [True, False]}
    default_options = {"system_libraries": False}
    no_copy_source = True

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    # In a checkout the recipe takes what lies around it; beside a release's conandata.yml, the tarball by its sum.
    def set_version(self):
        if self.conan_data:
            self.version = next(iter(self.conan_data["sources"]))
            return
        text = load(self, os.path.join(self._root, "include", "brindle", "core", "version.hpp"))
        self.version = ".".join(re.findall(r"#define BRINDLE_VERSION_\w+ (\d+)", text))

    def export_sources(self):
        if self.conan_data:
            return
        copy(self, "include/*", self._root, self.export_sources_folder)
        copy(self, "LICENSE", self._root, self.export_sources_folder)

    def source(self):
        if self.conan_data:
            get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def layout(self):
        basic_layout(self)

    def requirements(self):
        if not self.options.system_libraries:
            self.requires("eigen/3.4.0", transitive_headers=True)
            self.requires("stb/cci.20230920", transitive_headers=True)
            self.requires("nlohmann_json/3.11.3", transitive_headers=True)

    def package_id(self):
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*.inc", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        copy(self, "*.hpp", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "brindle")
        self.cpp_info.set_property("cmake_target_name", "brindle::brindle")
        self.cpp_info.set_property("pkg_config_name", "brindle")
        if self.options.get_safe("system_libraries"):
            self.cpp_info.includedirs = ["include", "/usr/include/eigen3"]
        if self.settings.os in ("Linux", "FreeBSD"):
            self.cpp_info.system_libs = ["pthread", "m"]
