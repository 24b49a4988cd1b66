// The one file of the program with the kernels in it. It changes when brindle does, so it is compiled once.
#include <brindle/inference_implementation.hpp>
