# SPDX-License-Identifier: MIT
# Self-tests, run by the command-line word `selftest`. Each module's stand in files named after it.
kernel-srcs += $(wildcard tests/kernel/*.c)
