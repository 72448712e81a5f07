/* SPDX-License-Identifier: MIT */
/*
 * The boot order, top to bottom.  src/boot/head.asm calls kernel_main in the
 * higher half, on the boot stack, interrupts off, with the first 4 GiB of
 * physical memory in the direct map.
 */
#include <arch/cpu.h>
#include <arch/init.h>
#include <arch/irqflags.h>
#include <boot.h>
#include <console_keys.h>
#include <debug/early_serial.h>
#include <debug/log.h>
#include <debug/panic.h>
#include <debug/selftest.h>
#include <device/irq.h>
#include <drivers/acpi/acpi.h>
#include <drivers/char/char.h>
#include <drivers/input/input.h>
#include <drivers/rtc/cmos.h>
#include <drivers/serial/serial.h>
#include <drivers/time/sources.h>
#include <drivers/video/video.h>
#include <fs/devfs/devfs.h>
#include <fs/procfs/procfs.h>
#include <fs/sysfs/sysfs.h>
#include <fs/vfs.h>
#include <lib/parse.h>
#include <mm/frame.h>
#include <mm/kasan.h>
#include <mm/kmap.h>
#include <mm/layout.h>
#include <mm/slab.h>
#include <net/socket.h>
#include <proc/cmdline.h>
#include <proc/process.h>
#include <sched/task.h>
#include <sched/workqueue.h>
#include <sync/spinlock.h>
#include <syscall/system.h>
#include <time/clock.h>
#include <time/timer.h>
#include <tty/tty.h>
#include <tty/vt.h>
#include <vm/vm.h>

/* maxcpus=N; 0 is the same as nosmp: this CPU alone. */
static unsigned cpus_wanted(void)
{
	char value[16];
	u64 n;

	if (cmdline_has("nosmp"))
		return 1;
	if (!cmdline_get("maxcpus", value, sizeof value) || parse_u64(value, 0, &n))
		return MAX_CPUS;
	return (unsigned)max(1UL, min(n, (u64)MAX_CPUS));
}

/* The last steps may sleep, so they run as a kernel thread. */
static void start_user_space(void *unused_arg)
{
	char prefix[64];

	cpus_start(cpus_wanted());
	workqueue_init_others();
	sysfs_cpus_init();
	tty_init();         /* line discipline, /dev/tty, hooks of sessions */
	system_on_reboot(tty_drain_all);
	serial_init();      /* the 16550s take over from the early port */
	fbcon_init(&boot_get_info()->fb); /* virtual terminals, if there is a screen */
	vt_banner(SYSTEM_VERSION "\n");   /* with `quiet` the screen says no more than this */
	char_devices_init(); /* null zero full random urandom kmsg */
	console_keys_init(); /* what is typed goes to the terminal on the screen */
	input_init();       /* PS/2 keyboard and mouse: /dev/input */
	acpi_events_init(); /* power button */

	boot_add_modules(); /* the loader's modules are the root's contents */
	int err = vfs_mount_root();
	if (err)
		panic("the root file system cannot be set up (error %d)", -err);

	vt_banner("Starting the first program ...\n");
	if (cmdline_get("selftest", prefix, sizeof prefix))
		selftest_run(prefix);
	proc_start_init();
}

noreturn void kernel_main(u64 mbi_phys, u64 image_phys)
{
	/* This CPU, and a way to say something. */
	cpu_early_init();  /* per-CPU base, descriptor tables: exceptions are reported from here on */
	sched_early_init(); /* `current` is the boot task; preemption counts */
	early_serial_init();
	log_notice(SYSTEM_VERSION);
	boot_read_info(mbi_phys, image_phys);
	fbcon_early_init(&boot_get_info()->fb); /* the log is seen on the screen from here on */
	cpu_features_init(kernel_cmdline); /* control registers, alternatives, mitigations= */

	spin_fair = !cpu_is_virtual();

	/* Memory. */
	boot_memory(mbi_phys, image_phys); /* what is RAM, and what of it is taken */
	paging_init(image_phys, PADDR(max(bootmem_top(), DIRECT_MAP_MIN)), bootmem_alloc_page);
	bootmem_all_mapped();
	frames_init();
	kasan_init();
	slab_init();
	kmap_init();
	fpu_init();
	sched_init(); /* the idle task, task caches: locks that sleep work from here on */

	/* Interrupts and time. */
	acpi_init(boot_get_info());
	pvpanic_init(); /* QEMU hears of panics from here on */
	irq_chips_init(acpi_madt());
	irq_init();
	time_sources_init(); /* HPET, ACPI PM timer, PIT */
	clock_init();
	cmos_init();
	clock_realtime_init();
	timers_init();
	irq_enable();
	log_defers = true;
	lockdep_arm();

	/* Everything above the machine. */
	random_init();
	vm_init();
	vdso_init();
	vfs_init();
	proc_init();       /* kernel threads belong to process 0 from here on */
	workqueue_init();
	rcu_worker_start();
	devfs_init();
	procfs_init();
	sysfs_init();
	net_init();
	system_init(); /* /proc/version and the like */
	cpu_user_init(); /* system calls may come */

	VERIFY(kthread_start("boot", start_user_space, NULL));
	sched_idle_loop();
}
