/** Seals secrets at rest; `context` binds a sealed text to its place. */
export interface SecretBox {
  seal(text: string, context: string): Buffer;
  open(sealed: Uint8Array, context: string): string;
}

/** A request to a webhook's address. */
export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Do not verify its TLS certificate. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** What was answered; of the body its first `answer` bytes. */
export interface Posted {
  readonly status: number;
  readonly answer: string;
}

/**
 * Sends it, only to where the server may connect. Reads at most 1 KiB of the answer. Throws where
 * nobody answers, or where nobody may go.
 */
export type Post = (posting: Posting) => Promise<Posted>;

/** A replication policy that is behind. */
export interface LagOver {
  readonly policyId: number;
  readonly policyName: string;
  /** The project that owns the policy; null for the system's. */
  readonly projectId: number | null;
  readonly endpointName: string;
  readonly seconds: number;
  readonly items: number;
  readonly bytes: number | null;
  readonly why: string;
}
