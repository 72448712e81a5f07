/* SPDX-License-Identifier: MIT */
/*
 * /dev/fb0: the frame buffer for programs, with the answers of Linux's simple frame buffer: one
 * mode, which cannot be changed; nothing pans, blanks or waits.
 *
 * Console and programs share the memory and do not know of each other: who wants the screen for
 * himself says so to his terminal (KDSETMODE).  A mapping is of the physical pages, write-combining
 * as the kernel's own (a page must not be mapped in two manners), and reaches to the end of the last
 * page that the buffer begins.
 *
 * With an indexed frame buffer the palette is the VGA's; the console takes its own back when the
 * screen becomes text again.
 */
#include <drivers/video/fbdev.h>

#include <debug/log.h>
#include <drivers/video/fbcon.h>
#include <drivers/video/vga.h>
#include <fs/device_file.h>
#include <fs/procfs/procfs.h>
#include <fs/sysfs/sysfs.h>
#include <fs/uio.h>
#include <lib/multiboot2.h>
#include <lib/string.h>
#include <lib/terminal.h>
#include <linux/fb.h>
#include <linux/ioctl.h>
#include <linux/major.h>
#include <linux/vt.h>
#include <mm/slab.h>
#include <mm/usercopy.h>
#include <sched/mutex.h>

#define FB_ID "simple"
enum { VIDEO_GROUP = 44 /* Debian's */, PALETTE = 256, CMAP_MAX = 65536 };

struct fbdev {
	u8 *memory;                     /* imm: fbcon's mapping */
	u64 length;                     /* imm: bytes */
	struct fb_fix_screeninfo fix;   /* imm */
	struct fb_var_screeninfo var;   /* imm */
	struct mutex lock;
	u16 palette[4][PALETTE];        /* lock: red, green, blue, transparency as programs gave them */
};

static struct fbdev fbdev = { .lock = MUTEX_INIT(fbdev.lock) };

/* --- Bytes --------------------------------------------------------------------------------------- */

static ssize_t fb_read(struct file *f, struct uio *u, u64 *pos)
{
	size_t n;

	if (*pos >= fbdev.length)
		return 0;
	n = uio_put(u, fbdev.memory + *pos, min((u64)u->left, fbdev.length - *pos));
	*pos += n;
	return n || !u->left ? (ssize_t)n : -EFAULT;
}

/* Linux's errors: EFBIG from behind the end or for more than there is at all, ENOSPC at the end. */
static ssize_t fb_write(struct file *f, struct uio *u, u64 *pos)
{
	u64 want = u->left, room, n;
	ssize_t err = 0;

	if (*pos > fbdev.length)
		return -EFBIG;
	room = fbdev.length - *pos;
	if (want > fbdev.length)
		err = -EFBIG;
	else if (want > room)
		err = -ENOSPC;
	want = min(want, room);
	n = want ? uio_get(u, fbdev.memory + *pos, want) : 0;
	if (n < want)
		err = -EFAULT;
	*pos += n;
	return n ? (ssize_t)n : err;
}

/* The file has no size: SEEK_END counts from 0, as in Linux. */
static s64 fb_llseek(struct file *f, s64 off, int whence)
{
	return generic_llseek(f, off, whence);
}

static int fb_mmap(struct file *f, struct mmap_request *r)
{
	u64 start = ALIGN_DOWN(fbdev.fix.smem_start, PAGE_SIZE);
	u64 length = ALIGN_UP(fbdev.fix.smem_start + fbdev.length, PAGE_SIZE) - start;

	if (r->offset >= length || r->length > length - r->offset)
		return -EINVAL;
	r->is_device = r->write_combining = true;
	r->device = PADDR(start + r->offset);
	return 0;
}

/* --- The palette ----------------------------------------------------------------------------------- */

static bool indexed(void)
{
	return fbdev.fix.visual == FB_VISUAL_PSEUDOCOLOR;
}

/* Addresses of the four arrays in the caller's struct; transparency may be missing. */
static void channels_of(const struct fb_cmap *c, uptr_t out[4])
{
	out[0] = UPTR((u64)c->red);
	out[1] = UPTR((u64)c->green);
	out[2] = UPTR((u64)c->blue);
	out[3] = UPTR((u64)c->transp);
}

static s64 get_cmap(uptr_t arg)
{
	struct fb_cmap c;
	uptr_t to[4];

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (!indexed() || c.start >= PALETTE || !c.len)
		return -EINVAL;
	size_t bytes = min(c.len, PALETTE - c.start) * sizeof(u16);
	u16 copy[PALETTE];
	channels_of(&c, to);
	for (unsigned i = 0; i < 4; i++) {
		if (i == 3 && !to[i].raw)
			break;
		mutex_lock(&fbdev.lock);
		memcpy(copy, fbdev.palette[i] + c.start, bytes);
		mutex_unlock(&fbdev.lock);
		if (copy_to_user(to[i], copy, bytes))
			return -EFAULT;
	}
	return 0;
}

/* `colours`: four arrays of `n`, one behind the other; those for places that there are not are ignored. */
static void set_palette(const u16 *colours, u32 start, u32 n)
{
	MUTEX_GUARD(&fbdev.lock);

	for (u32 i = 0; i < n && start + i < PALETTE; i++) {
		for (unsigned channel = 0; channel < 4; channel++)
			fbdev.palette[channel][start + i] = colours[channel * n + i];
		vga_palette_set(start + i, (u32)(colours[i] >> 8) << 16 | (u32)(colours[n + i] >> 8) << 8 |
					   colours[2 * n + i] >> 8);
	}
}

/* A true-colour frame buffer takes any palette and has no use for it: so does Linux. */
static s64 put_cmap(uptr_t arg)
{
	struct fb_cmap c;
	uptr_t from[4];

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (c.len > CMAP_MAX)
		return -E2BIG;
	if (!c.len)
		return 0;
	size_t bytes = c.len * sizeof(u16);
	u16 *colours KFREE_GUARD = kzalloc(4 * bytes);
	if (!colours)
		return -ENOMEM;
	channels_of(&c, from);
	for (unsigned i = 0; i < 4; i++)
		if ((i < 3 || from[i].raw) && copy_from_user(colours + i * c.len, from[i], bytes))
			return -EFAULT;
	if ((s32)c.start < 0)
		return -EINVAL;
	if (indexed())
		set_palette(colours, c.start, c.len);
	return 0;
}

/* --- ioctls ------------------------------------------------------------------------------------------ */

/* What was asked for is ignored: the one mode there is comes back. */
static s64 put_var(uptr_t arg)
{
	struct fb_var_screeninfo wish;

	if (copy_from_user(&wish, arg, sizeof(wish)))
		return -EFAULT;
	return copy_to_user(arg, &fbdev.var, sizeof(fbdev.var));
}

/* Nothing pans, not even to where it is. */
static s64 pan(uptr_t arg)
{
	struct fb_var_screeninfo wish;

	return copy_from_user(&wish, arg, sizeof(wish)) ? -EFAULT : -EINVAL;
}

static s64 console_map(uptr_t arg, bool put)
{
	struct fb_con2fbmap map;

	if (copy_from_user(&map, arg, sizeof(map)))
		return -EFAULT;
	if (map.console < 1 || map.console > MAX_NR_CONSOLES)
		return -EINVAL;
	if (put)
		return map.framebuffer ? -EINVAL : 0;
	map.framebuffer = 0;
	return copy_to_user(arg, &map, sizeof(map));
}

static s64 fb_ioctl(struct file *f, unsigned cmd, uptr_t arg)
{
	switch (cmd) {
	case FBIOGET_VSCREENINFO:
		return copy_to_user(arg, &fbdev.var, sizeof(fbdev.var));
	case FBIOPUT_VSCREENINFO:
		return put_var(arg);
	case FBIOGET_FSCREENINFO:
		return copy_to_user(arg, &fbdev.fix, sizeof(fbdev.fix));
	case FBIOGETCMAP:
		return get_cmap(arg);
	case FBIOPUTCMAP:
		return put_cmap(arg);
	case FBIOPAN_DISPLAY:
		return pan(arg);
	case FBIOGET_CON2FBMAP:
	case FBIOPUT_CON2FBMAP:
		return console_map(arg, cmd == FBIOPUT_CON2FBMAP);
	case FBIO_CURSOR:
	case FBIOBLANK: /* the hardware cannot */
		return -EINVAL;
	default:
		return -ENOTTY;
	}
}

static const struct file_ops fb_ops = {
	.read = fb_read, .write = fb_write, .llseek = fb_llseek, .mmap = fb_mmap, .ioctl = fb_ioctl,
};

/* --- /sys and /proc ---------------------------------------------------------------------------------- */

static int show_name(struct text *t, void *unused_ctx)
{
	text_string(t, FB_ID "\n");
	return 0;
}

static int show_virtual_size(struct text *t, void *unused_ctx)
{
	text_printf(t, "%u,%u\n", fbdev.var.xres_virtual, fbdev.var.yres_virtual);
	return 0;
}

/* `ctx`: a number. */
static int show_number(struct text *t, void *ctx)
{
	text_printf(t, "%u\n", *(const u32 *)ctx);
	return 0;
}

static int show_pan(struct text *t, void *unused_ctx)
{
	text_string(t, "0,0\n");
	return 0;
}

static int show_modes(struct text *t, void *unused_ctx)
{
	text_printf(t, "U:%ux%up-0\n", fbdev.var.xres, fbdev.var.yres);
	return 0;
}

static int show_dev(struct text *t, void *unused_ctx)
{
	text_printf(t, "%u:0\n", FB_MAJOR);
	return 0;
}

static int show_uevent(struct text *t, void *unused_ctx)
{
	text_printf(t, "MAJOR=%u\nMINOR=0\nDEVNAME=fb0\n", FB_MAJOR);
	return 0;
}

static int show_proc(struct text *t, void *unused_ctx)
{
	text_string(t, "0 " FB_ID "\n");
	return 0;
}

static int add_files(void)
{
	static u32 zero;
	const struct {
		const char *name;
		int (*show)(struct text *t, void *ctx);
		void *ctx;
	} files[] = {
		{ "name", show_name, NULL }, { "virtual_size", show_virtual_size, NULL },
		{ "bits_per_pixel", show_number, &fbdev.var.bits_per_pixel },
		{ "stride", show_number, &fbdev.fix.line_length }, { "rotate", show_number, &zero },
		{ "state", show_number, &zero }, { "pan", show_pan, NULL }, { "modes", show_modes, NULL },
		{ "dev", show_dev, NULL }, { "uevent", show_uevent, NULL },
	};
	char path[64] = "class/graphics/fb0/";
	size_t folder = strlen(path);
	int err = procfs_add("fb", show_proc, NULL);

	for (unsigned i = 0; i < ARRAY_SIZE(files) && !err; i++) {
		strlcpy(path + folder, files[i].name, sizeof(path) - folder);
		err = sysfs_add(path, files[i].show, files[i].ctx);
	}
	return err ? err : tree_add_link(&sysfs_tree, "dev/char/29:0", "../../class/graphics/fb0");
}

/* --- Set-up ------------------------------------------------------------------------------------------ */

static struct fb_bitfield field(const struct boot_fb *fb, u8 pos, u8 bits)
{
	if (fb->type == BOOT_FB_INDEXED)
		return (struct fb_bitfield){ .length = 8 };
	return (struct fb_bitfield){ .offset = pos, .length = bits };
}

static void describe(const struct boot_fb *fb)
{
	fbdev.length = (u64)fb->pitch * fb->height;
	fbdev.fix = (struct fb_fix_screeninfo){
		.id = FB_ID, .smem_start = fb->addr, .smem_len = (u32)fbdev.length,
		.type = FB_TYPE_PACKED_PIXELS, .line_length = fb->pitch, .accel = FB_ACCEL_NONE,
		.visual = fb->type == BOOT_FB_INDEXED ? FB_VISUAL_PSEUDOCOLOR : FB_VISUAL_TRUECOLOR,
	};
	fbdev.var = (struct fb_var_screeninfo){
		.xres = fb->width, .yres = fb->height, .xres_virtual = fb->width, .yres_virtual = fb->height,
		.bits_per_pixel = fb->bpp == 15 ? 16 : fb->bpp,
		.red = field(fb, fb->red_pos, fb->red_bits),
		.green = field(fb, fb->green_pos, fb->green_bits),
		.blue = field(fb, fb->blue_pos, fb->blue_bits),
		.activate = FB_ACTIVATE_NOW, .height = ~0U, .width = ~0U, .vmode = FB_VMODE_NONINTERLACED,
	};
	for (unsigned i = 0; i < PALETTE; i++)
		for (unsigned channel = 0; channel < 3; channel++)
			fbdev.palette[channel][i] = (terminal_rgb(i) >> (16 - 8 * channel) & 255) * 0x101;
}

void fbdev_init(const struct boot_fb *fb)
{
	fbdev.memory = fbcon_memory();
	if (!fbdev.memory)
		return;
	describe(fb);
	int err = chardev_register(DEVNO(FB_MAJOR, 0), "fb0", 0660, VIDEO_GROUP, &fb_ops, NULL);
	if (!err)
		err = add_files();
	if (err)
		log_err("fb0: cannot be registered (error %d)", -err);
}
