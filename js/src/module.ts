import * as glue from './core.js';
import { starter } from './start.js';

export const { init, initSync, exports } = starter('core', glue);
