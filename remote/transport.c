/* The table of transports: a row for each enum transport_kind. */
#include "transport.h"

static const struct transport *const transports[] = {
	[TRANSPORT_LIBSSH2] = &transport_libssh2,
	[TRANSPORT_OPENSSH] = &transport_openssh,
	[TRANSPORT_LOCAL] = &transport_openssh, /* a process as well */
};

const struct transport *transport_of(const struct target *target)
{
	return transports[target->transport];
}

bool stream_is_ready(const struct stream *stream)
{
	return stream->is_ready ||
	       (stream->transport->has_more && stream->transport->has_more(stream));
}

bool transport_other(struct target *out, const struct stream *failed)
{
	if (!failed->lacks || failed->target->is_transport_asked)
		return false;
	*out = *failed->target;
	out->transport = TRANSPORT_OPENSSH;
	out->why = failed->lacks;
	out->is_strict = true;
	return true;
}
