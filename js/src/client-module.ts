import * as glue from './client-core.js';
import { starter } from './start.js';

export const { init, initSync, exports } = starter('client-core', glue);
