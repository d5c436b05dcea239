// Makes the wasm module of the client ready.
import packed from './client-bytes.js';
import * as glue from './client-core.js';
import { started } from './inline.js';

export default started('client-core', glue, packed);
