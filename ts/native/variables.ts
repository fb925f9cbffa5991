// What a worker's process finds in its environment.

/** Names the connection to the host: `fd:` and the number of an inherited descriptor. */
export const CHANNEL_VARIABLE = 'ISOLATED_WORKERS_CHANNEL';

/** Names the lifeline in the same way; `,group` behind it: the host's death ends the whole process group. */
export const LIFELINE_VARIABLE = 'ISOLATED_WORKERS_LIFELINE';

/** Where a detached worker listens, as JSON: `path`, `token`, `keepResults`, and `fd`, the inherited listening socket. */
export const SOCKET_VARIABLE = 'ISOLATED_WORKERS_SOCKET';

/** What this process may use, as JSON. */
export const LIMITS_VARIABLE = 'ISOLATED_WORKERS_LIMITS';

/** The host's serializer, if it is one of the library's own. */
export const SERIALIZER_VARIABLE = 'ISOLATED_WORKERS_SERIALIZER';

/** What the host configured as `timeout.serverConnect`, in milliseconds: too late to be told over the connection. */
export const CONNECT_TIMEOUT_VARIABLE = 'ISOLATED_WORKERS_CONNECT_TIMEOUT';
