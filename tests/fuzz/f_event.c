/* Bytes as an event: what decodes must encode to the same bytes, and its JSON must parse. */
/* Aims at: common/event.c */
#include "fuzz.h"

#include <jansson.h>

#include "event.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf again = { 0 }, json = { 0 };
	struct event event;
	struct err err;
	json_t *root;

	if (event_decode(&event, bytes, len, &err) < 0)
		return 0;
	event_encode(&again, &event);
	LAW(again.len == len && memcmp(again.data, bytes, len) == 0);
	event_json(&json, &event);
	root = json_loadb(json.data, json.len, 0, NULL);
	LAW(root && memchr(json.data, '\n', json.len) == json.data + json.len - 1);
	json_decref(root);
	buf_close(&again);
	buf_close(&json);
	return 0;
}
