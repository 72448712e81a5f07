/* SPDX-License-Identifier: MIT */
#include <arch/regs.h>
#include <debug/kasan.h>
#include <debug/log.h>
#include <debug/selftest.h>
#include <debug/symbols.h>
#include <debug/ubsan.h>
#include <lib/format.h>
#include <lib/string.h>

SELFTEST(debug_log_read_back)
{
	struct log_record r;
	char line[256];
	u64 seq = log_seq_next();

	log_debug("hello %d from the self-test\n\n", 42);
	CHECK(log_read(&seq, &r, line, sizeof(line)) > 0);
	CHECK(r.level == LOG_DEBUG);
	CHECK(line[0] == '<' && line[1] == '7' && line[2] == '>');
	CHECK(str_has_suffix(line, "] hello 42 from the self-test\n"));
	CHECK(seq == r.seq + 1);
}

/* The ring keeps the newest records, in order, and says how far it jumped. */
SELFTEST(debug_log_wraps)
{
	struct log_record r;
	char line[512], want[40];
	u64 start = log_seq_next(), seq = start, last = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < 3000; i++)
		log_debug("wrap %u ....................................................................", i);
	while (log_read(&seq, &r, line, sizeof(line))) {
		CHECK(r.seq > last || !last);
		if (str_after(strchrnul(line, ']'), "] wrap ")) {
			snprintf(want, sizeof(want), "wrap %lu ", r.seq - start);
			CHECK(strstr(line, want));
			n++;
		}
		last = r.seq;
	}
	CHECK(n > 300 && n < 3000);
	CHECK(last + 1 == log_seq_next());
	CHECK(log_seq_first() > start);
}

SELFTEST(debug_log_long_line)
{
	struct log_record r;
	char line[600];
	u64 seq = log_seq_next();
	size_t n;

	log_debug("%0700d", 1);
	n = log_read(&seq, &r, line, sizeof(line));
	CHECK(n > 400 && n < sizeof(line));
	CHECK(line[n - 1] == '\n');
}

static unsigned console_lines;

static void count_lines(struct log_console *c, const char *text, size_t n)
{
	console_lines += text[n - 1] == '\n';
}

SELFTEST(debug_log_console)
{
	static struct log_console c = { .name = "count", .write = count_lines };
	unsigned n;

	log_console_add(&c, false);
	console_lines = 0;
	log_notice("a line for the counting console");
	n = console_lines;
	log_console_remove(&c);
	log_notice("a line it must not see");
	CHECK(n == 1 || log_console_level <= LOG_NOTICE);
	CHECK(console_lines == n);
}

extern char image_start[];

SELFTEST(debug_symbol_lookup)
{
	char name[80];

	CHECK(str_eq(symbol_name((u64)symbol_name, name, sizeof(name)), "symbol_name+0x0"));
	CHECK(str_has_prefix(symbol_name((u64)log_printf + 3, name, sizeof(name)), "log_printf+0x3"));
	CHECK(str_has_prefix(symbol_name(0x1234, name, sizeof(name)), "0x"));
	CHECK(str_has_prefix(symbol_name((u64)image_start - 1, name, sizeof(name)), "0x"));
}

#ifdef CONFIG_UBSAN
static volatile int large = 0x7fffffff, one = 1, forty = 40;

SELFTEST(debug_ubsan_reports)
{
	static volatile int array[4];
	volatile int sink;

	ubsan_expect_begin();
	kasan_expect_begin(); /* the index is that, too */
	sink = large + one;
	sink = one << forty;
	sink = array[forty / 10];
	(void)sink;
	kasan_expect_end();
	CHECK(ubsan_expect_end() >= 3); /* an index too large may be told twice */
}
#endif
