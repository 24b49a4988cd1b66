// The unit that makes the precompiled header of the tests.
