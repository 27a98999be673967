//! Fakes of every port and their conformance suites, for tests.
