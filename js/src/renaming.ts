// A reply with the ids under which calls were sent again -> the same with those that the caller knows, passed on as it comes.

/** An id as `crypto.randomUUID` makes it, in JSON. */
const ID = /"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g;
/** What may be the start of one. */
const START = /"[0-9a-f-]{0,36}$/;

export function renamed(response: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>, known: (sent: string) => string | number | undefined): Response {
  const [decoder, encoder] = [new TextDecoder('utf-8', { ignoreBOM: true }), new TextEncoder()];
  let rest = '';
  const stream = body.pipeThrough(new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      const text = (rest + decoder.decode(chunk, { stream: true })).replace(ID, (sent) => JSON.stringify(known(sent.slice(1, -1))) ?? sent);
      [rest = ''] = START.exec(text) ?? [];
      if (text !== rest) controller.enqueue(encoder.encode(text.slice(0, text.length - rest.length)));
    },
    flush: (controller) => controller.enqueue(encoder.encode(rest + decoder.decode())),
  }));
  const reply = new Response(stream, response);
  reply.headers.delete('content-length');
  return Object.defineProperty(reply, 'url', { value: response.url });
}
