# SPDX-License-Identifier: MIT
kernel-srcs += src/drivers/acpi/acpi.c
kernel-srcs += src/drivers/acpi/mptable.c
kernel-srcs += src/drivers/acpi/power.c
kernel-srcs += src/drivers/acpi/tables.c
kernel-srcs += src/drivers/acpi/pvpanic.c
