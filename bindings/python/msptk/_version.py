"""The version of this package; a test holds it equal to that of the library."""
__version__ = "0.1.0"
SONAME = "libmsptk.so.0"
