'use strict';

process.on('message', ({ modules }) => process.send(modules.length));
