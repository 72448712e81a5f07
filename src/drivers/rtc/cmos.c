/* SPDX-License-Identifier: MIT */
/*
 * The PC's real-time clock (MC146818): the date in CMOS memory, by seconds.
 *
 * The clock changes its registers once a second; while it does, or is about to (244 us),
 * register A says so.  We read until two readings in a row are equal and no update was
 * under way.  Register B says whether numbers are BCD or binary, hours to 12 or 24.
 */
#include <drivers/rtc/cmos.h>

#include <arch/cpu.h>
#include <arch/io.h>
#include <debug/log.h>
#include <drivers/acpi/acpi.h>
#include <linux/errno.h>
#include <lib/string.h>
#include <sync/spinlock.h>
#include <time/clock.h>

enum { CMOS_INDEX = 0x70, CMOS_DATA = 0x71 };
enum { RTC_SECONDS = 0, RTC_MINUTES = 2, RTC_HOURS = 4, RTC_DAY = 7, RTC_MONTH = 8, RTC_YEAR = 9,
       RTC_A = 10, RTC_B = 11, RTC_D = 13 };
#define RTC_A_UPDATING 0x80
#define RTC_B_24_HOURS 0x02
#define RTC_B_BINARY 0x04
#define RTC_HOUR_PM 0x80

#define UPDATE_TRIES 100000 /* reads of register A; an update lasts 2 ms at most */

struct rtc_date {
	u8 second, minute, hour, day, month, year, century;
};

static spinlock_t lock = SPINLOCK_INIT; /* interrupts off; index and data port together */
static u8 century_register;             /* 0: none */

static u8 cmos_read(u8 reg)
{
	io_out8(CMOS_INDEX, reg);
	return io_in8(CMOS_DATA);
}

static bool wait_no_update(void)
{
	for (unsigned i = 0; i < UPDATE_TRIES; i++) {
		if (!(cmos_read(RTC_A) & RTC_A_UPDATING))
			return true;
		cpu_relax();
	}
	return false;
}

static struct rtc_date read_registers(void)
{
	return (struct rtc_date){
		.second = cmos_read(RTC_SECONDS),
		.minute = cmos_read(RTC_MINUTES),
		.hour = cmos_read(RTC_HOURS),
		.day = cmos_read(RTC_DAY),
		.month = cmos_read(RTC_MONTH),
		.year = cmos_read(RTC_YEAR),
		.century = century_register ? cmos_read(century_register) : 0,
	};
}

/* A consistent reading and register B. */
static bool read_stable(struct rtc_date *d, u8 *format)
{
	IRQSPIN_GUARD(&lock);

	for (unsigned i = 0; i < 4; i++) {
		struct rtc_date again;
		if (!wait_no_update())
			return false;
		*d = read_registers();
		again = read_registers();
		*format = cmos_read(RTC_B);
		if (!memcmp(d, &again, sizeof(again)))
			return true;
	}
	return false;
}

static u8 from_bcd(u8 v)
{
	return (v >> 4) * 10 + (v & 15);
}

/* To binary and 24 hours. */
static void normalize(struct rtc_date *d, u8 format)
{
	bool pm = d->hour & RTC_HOUR_PM;

	if (!(format & RTC_B_24_HOURS))
		d->hour &= ~RTC_HOUR_PM;
	if (!(format & RTC_B_BINARY)) {
		d->second = from_bcd(d->second);
		d->minute = from_bcd(d->minute);
		d->hour = from_bcd(d->hour);
		d->day = from_bcd(d->day);
		d->month = from_bcd(d->month);
		d->year = from_bcd(d->year);
		d->century = from_bcd(d->century);
	}
	if (!(format & RTC_B_24_HOURS))
		d->hour = d->hour % 12 + (pm ? 12 : 0);
}

static bool plausible(const struct rtc_date *d)
{
	return d->second < 60 && d->minute < 60 && d->hour < 24 && d->day >= 1 && d->day <= 31 &&
	       d->month >= 1 && d->month <= 12 && d->year < 100;
}

/* Days since 1970-01-01 of a Gregorian date; the year is taken to begin in March. */
static s64 days_from_date(s64 year, unsigned month, unsigned day)
{
	year -= month <= 2;
	s64 era = year / 400;
	unsigned year_of_era = (unsigned)(year - era * 400);
	unsigned day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + (s64)day_of_era - 719468;
}

static s64 cmos_read_date(void)
{
	struct rtc_date d;
	u8 format;
	s64 year;

	if (!read_stable(&d, &format))
		return -EIO;
	normalize(&d, format);
	if (!plausible(&d)) {
		log_warn("rtc: impossible date %u-%u-%u %u:%u:%u", d.year, d.month, d.day, d.hour,
			 d.minute, d.second);
		return -EINVAL;
	}
	/* Some firmware leaves the century at 19 or never sets it. */
	year = d.century >= 19 && d.century < 30 ? d.century * 100 + d.year : 2000 + d.year;
	if (year < 1980)
		year += 100;
	return days_from_date(year, d.month, d.day) * 86400 + d.hour * 3600 + d.minute * 60 + d.second;
}

void cmos_init(void)
{
	const struct acpi_fadt_info *fadt = acpi_fadt();

	if (fadt && (fadt->boot_flags & ACPI_BOOT_NO_CMOS_RTC)) {
		log_info("rtc: firmware says that there is no CMOS clock");
		return;
	}
	if (fadt && fadt->century < 0x80)
		century_register = fadt->century;
	clock_read_rtc = cmos_read_date;
}
