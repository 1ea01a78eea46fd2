#!/bin/sed -nEf
# The tests that failed, from the XML of `swift test --xunit-output`, each as a pattern for `--filter`.
/<testcase /{
  s/.*classname="([^"]*)" name="([^"(]*).*/^\1\/\2\\(/
  h
}
/<failure/{
  x
  /./p
  s/.*//
  x
}
