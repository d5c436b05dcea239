import { misuse } from './error.js';
/** What shortens one reply in the module; the part of it that this file needs. */
interface Lister {
  begin(status: number, contentType: string | undefined): boolean;
  push(piece: Uint8Array, ends: boolean, now: number): Uint8Array;
  free(): void;
}

/** Headers of a reply that are wrong once its body is another one. */
const OF_THE_BODY = ['content-length', 'content-encoding', 'etag', 'digest', 'content-digest', 'repr-digest', 'content-md5'];

/** What shortens the lists of a reply to what its caller may use; the reply as it is where nothing is to be shortened. */
export function shortening(lister: Lister | undefined, clock: () => number): (response: Response) => Response {
  let used = false;
  return (response) => {
    if (!lister || !response.body) return response;
    if (used) throw misuse('`outcome.shorten` is for one reply');
    const headers = new Headers(response.headers);
    if (!lister.begin(response.status, headers.get('content-type') ?? undefined)) return response;
    if (response.body.locked) throw misuse('the reply is being read elsewhere');
    used = true;
    for (const name of OF_THE_BODY) headers.delete(name);
    const { status, statusText } = response;
    return new Response(passing(response.body, lister, clock), { status, statusText, headers });
  };
}

/** A body through the lister. Not a `TransformStream`: there are runtimes that pass everything through a custom one as it is. */
function passing(body: ReadableStream<Uint8Array>, lister: Lister, clock: () => number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let ended = false;
  // It holds up to 4 MiB, of which the garbage collector knows nothing.
  const end = () => {
    if (!ended) lister.free();
    ended = true;
  };
  const piece = async () => {
    try {
      return await reader.read();
    } catch (error) {
      end();
      throw error;
    }
  };
  return new ReadableStream({
    async pull(controller) {
      for (;;) {
        const { done, value = new Uint8Array() } = await piece();
        if (ended) return;
        const shown = lister.push(value, done, clock());
        if (shown.length > 0) controller.enqueue(shown);
        if (done) {
          end();
          controller.close();
        }
        // With nothing enqueued it would not be called again.
        if (done || shown.length > 0) return;
      }
    },
    cancel(reason) {
      end();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
