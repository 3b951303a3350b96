# Native tests with doctest: native_test() makes a program with one ctest test for each of its test cases. Where doctest
# is not installed, doctest_FOUND is false, and DOCTEST_ADVICE says how to get it.
find_package(doctest 2.4 CONFIG QUIET)
set(DOCTEST_ADVICE "doctest 2.4 was not found, which the native tests need: apt-get install doctest-dev, brew install \
doctest, or vcpkg install doctest")
if(NOT doctest_FOUND)
  return()
endif()
include(${doctest_DIR}/doctest.cmake)

# doctest's own code and main, compiled once for all programs.
if(NOT TARGET native_test_main)
  add_library(native_test_main OBJECT ${CMAKE_CURRENT_LIST_DIR}/native_test_main.cc)
  target_link_libraries(native_test_main PUBLIC doctest::doctest)
endif()

# native_test(<name> <source or object>...): the program, and the ctest tests "<name>/<test case>". The program is run
# after each link to list its cases, through the emulator where the build is for another processor. LeakSanitizer of GCC 12
# crashes when a library that was opened at run time has thread-local variables, unless it ignores these: it then reads
# 0x300 and ends with "Tracer caught signal 11".
function(native_test name)
  add_executable(${name} ${ARGN} $<TARGET_OBJECTS:native_test_main>)
  target_link_libraries(${name} PRIVATE doctest::doctest Threads::Threads ${CMAKE_DL_LIBS})
  doctest_discover_tests(${name} TEST_PREFIX "${name}/" PROPERTIES SKIP_RETURN_CODE 77
    ENVIRONMENT "ASAN_OPTIONS=intercept_tls_get_addr=0")
endfunction()
