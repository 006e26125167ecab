/* Blocks of memory in a list, handed out from the front of the newest. What is larger than a
 * quarter of a block gets a block of its own, behind the newest, so that the rest is not lost. */
#include "arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem.h"

enum {
	BLOCK_LEN = 16 << 10
};

struct arena_block {
	struct arena_block *next;
	size_t used, len;
	alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(size_t len)
{
	struct arena_block *block = mem_zeroed(1, sizeof(*block) + len);

	block->len = len;
	return block;
}

static void *block_take(struct arena_block *block, size_t len)
{
	void *at = block->bytes + block->used;

	block->used += len;
	return at;
}

static void *arena_large(struct arena *arena, size_t len)
{
	struct arena_block *block = block_new(len);

	if (arena->block) {
		block->next = arena->block->next;
		arena->block->next = block;
	} else {
		arena->block = block;
	}
	return block_take(block, len);
}

void *arena_alloc(struct arena *arena, size_t len)
{
	const size_t align = alignof(max_align_t);

	if (len > SIZE_MAX / 2)
		mem_resize(NULL, SIZE_MAX, 2); /* does not return */
	len = (len + align - 1) / align * align;
	if (len == 0)
		len = align;
	if (len > BLOCK_LEN / 4)
		return arena_large(arena, len);
	if (!arena->block || arena->block->len - arena->block->used < len) {
		struct arena_block *block = block_new(BLOCK_LEN);

		block->next = arena->block;
		arena->block = block;
	}
	return block_take(arena->block, len);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t len;

	if (__builtin_mul_overflow(count, size, &len))
		len = SIZE_MAX;
	return arena_alloc(arena, len);
}

char *arena_ndup(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *arena_dup(struct arena *arena, const char *text)
{
	return arena_ndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		len = 0;
	text = arena_alloc(arena, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

void arena_close(struct arena *arena)
{
	while (arena->block) {
		struct arena_block *next = arena->block->next;

		free(arena->block);
		arena->block = next;
	}
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t *cap, size_t size)
{
	void *copy;

	if (count < *cap)
		return items;
	*cap = count > 4 ? count * 2 : 8;
	copy = arena_array(arena, *cap, size);
	if (count > 0)
		memcpy(copy, items, count * size);
	return copy;
}
