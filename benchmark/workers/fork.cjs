'use strict';

process.on('message', ({ id, payload }) => process.send({ id, payload }));
