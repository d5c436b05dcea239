import type { Reason } from './reasons.js';
import type { Header } from './request.js';

/** What becomes of a request. A denial is a value, not an exception. */
export type Outcome = Allowed | Denied | Answered;

/** The request passes. */
export interface Allowed {
  /** Whether the request passes. */
  allow: true;
  /** What has been decided. */
  decision: 'allow';
  /** Who the caller is. */
  grant: Grant;
  /** The name of the rule that lets it pass, where one does. */
  rule?: string;
  /** What rules in shadow would have denied. */
  shadow: Shadowed[];
  /** The body, where a rule needed it. */
  body?: Uint8Array;
  /**
   * The upstream's reply as the caller may see it: with `"lists": "filtered"` in the policy, the lists in it are shortened
   * to what the caller may use. A reply that holds none is given back as it is.
   */
  shorten(response: Response): Response;
}

/** What a rule in shadow would have denied. */
export interface Shadowed {
  /** The rule's name. */
  rule: string;
  /** Why, as a stable name. */
  reason: Reason;
  /** The same for the operator's log, as `Denied` has it, with `rule`. */
  log: Record<string, unknown>;
}

/** The request does not pass. */
export interface Denied {
  /** Whether the request passes. */
  allow: false;
  /** What has been decided. */
  decision: 'deny';
  /** Why, as a stable name. */
  reason: Reason;
  /** What is known about this one case: for logs, not for the caller. */
  facts: Record<string, unknown>;
  /** The same for the operator's log, as Envoy writes it: `error`, `code`, `status`, `client_id` where a verified token names one, `resource`, `request_id`, `trace_id`, `span_id`, `facts`. */
  log: Record<string, unknown>;
  /** What the caller gets. */
  reply: Reply;
}

/** The gate answers the request itself: the protected-resource metadata document, or a preflight. */
export interface Answered {
  /** Whether the request passes. */
  allow: false;
  /** What has been decided. */
  decision: 'answer';
  /** What the caller gets. */
  reply: Reply;
}

/** Who the caller is. */
export interface Grant {
  /** Who has issued the token: its `iss`. */
  issuer: string;
  /** Whom it speaks for: its `sub`. */
  subject?: string;
  /** Whom it was issued to: its `client_id`. */
  client?: string;
  /** The SHA-256 thumbprint of the key that the caller has proved to hold (RFC 7638), where the token is bound to one. */
  thumbprint?: string;
  /** What it is good for: its `scope`. */
  scopes: string[];
  /** All claims of the verified token. */
  claims: Record<string, unknown>;
  /** The request's headers as an upstream may see them: credentials stripped, claims added. */
  headers: Header[];
  /** What the reply to the caller must carry: the next nonce and CORS headers in place of its own, and `vary` beside its own. */
  replyHeaders: Header[];
}

/** An HTTP reply. */
export class Reply {
  /** The HTTP status. */
  readonly status: number;
  /** Header fields; names in lower case. */
  readonly headers: Header[];
  /** Empty where there is none. */
  readonly body: string;

  constructor(reply: { status: number; headers: Header[]; body: string }) {
    this.status = reply.status;
    this.headers = reply.headers;
    this.body = reply.body;
  }

  /** The same as a Fetch `Response`. */
  toResponse(): Response {
    // `Response` throws for a body, an empty one too, where the status has none (Fetch standard, section 2.2.3).
    const body = [204, 205, 304].includes(this.status) ? null : this.body;
    return new Response(body, { status: this.status, headers: this.headers });
  }
}
