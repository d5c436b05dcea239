import * as glue from './client-core.js';
import { starter } from './start.js';

const own = starter('client-core', glue);

/** Makes the module ready, unless it is. */
export const init = own.init;
/** Makes the module ready at once, unless it is. Some runtimes compile no bytes at once, or none at all. */
export const initSync = own.initSync;
export const exports = own.exports;
