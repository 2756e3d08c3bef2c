import { createHash, timingSafeEqual } from 'node:crypto';
import * as client from 'openid-client';
import { ROLES, type Role } from '../accounts/actor.ts';
import type { TimeSource } from '../core/clock.ts';
import { GluewallError, messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { printable } from '../core/printable.ts';

/** Who may sign in by way of another server. */
export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The claim that has the name of the user, and that which has what his role is found by. */
  readonly nameClaim: string;
  readonly roleClaim: string;
  /** Values of that claim, by the role that they give. */
  readonly roles: Readonly<Record<Role, readonly string[]>>;
  /** What the button of the page says. */
  readonly label: string;
}

/** A user that the issuer vouches for. */
export interface VouchedUser {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
}

interface Pending {
  readonly verifier: string;
  readonly nonce: string;
  /** SHA-256 of what the browser keeps: nobody finishes what another has begun. */
  readonly binding: Buffer;
  readonly redirectUri: string;
  readonly expiresAtMs: number;
}

/** Each answer of the issuer must be there within this time. */
const ISSUER_SECONDS = 10;
/** An issuer that is away is not asked more often. */
const RETRY_MS = 3000;
/** What somebody may take to sign in there. */
const PENDING_MS = 10 * 60_000;
const MAX_PENDING = 1000;
const CLOCK_SECONDS = 60;
const MAX_CLAIM_CHARACTERS = 512;
const MAX_NAME_CHARACTERS = 64;
const MAX_ROLE_VALUES = 1000;
const SCOPE = 'openid profile email';

/**
 * Sign-in by an OpenID provider: the code flow (OpenID Connect Core §3.1) with PKCE (RFC 7636), state and nonce. What begins here
 * is finished once, within ten minutes, by the browser that began it.
 */
export class OidcDoor {
  readonly #options: OidcOptions;
  readonly #clock: TimeSource;
  readonly #log: Log;
  readonly #pending = new Map<string, Pending>();
  #issuer: Promise<client.Configuration> | undefined;
  #awayUntilMs = 0;

  constructor(options: OidcOptions, clock: TimeSource, log: Log) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  get label(): string {
    return this.#options.label;
  }

  /** Where the browser is to go, and what it is to keep until it comes back. Rejects with GluewallError `oidc-away`. */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly binding: string }> {
    const issuer = await this.#discovered();
    const [state, nonce, binding] = [client.randomState(), client.randomNonce(), client.randomState()];
    const verifier = client.randomPKCECodeVerifier();
    this.#remember(state, { verifier, nonce, binding: digest(binding), redirectUri });
    const url = client.buildAuthorizationUrl(issuer, {
      redirect_uri: redirectUri,
      scope: SCOPE,
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    return { url: url.href, binding };
  }

  /**
   * The user, from what the browser came back with (the query of the redirect) and has kept. Rejects with GluewallError
   * `oidc-refused` when the issuer or we refuse, `sign-in-refused` when he has no role here.
   */
  async finish(query: string, binding: string | undefined): Promise<VouchedUser> {
    const state = new URLSearchParams(query).get('state');
    const pending = this.#take(state);
    if (pending === undefined || binding === undefined || !timingSafeEqual(pending.binding, digest(binding))) {
      throw new GluewallError('oidc-refused', 'this sign-in was not begun here, or is too long ago: begin anew');
    }
    const issuer = await this.#discovered();
    const back = new URL(pending.redirectUri);
    back.search = query;
    let claims: Readonly<Record<string, unknown>>;
    try {
      const tokens = await client.authorizationCodeGrant(issuer, back, {
        pkceCodeVerifier: pending.verifier,
        expectedState: state!,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      claims = await this.#claimsOf(issuer, tokens);
    } catch (error) {
      this.#log.warn({ error: printable(reasonOf(error)) }, 'a sign-in by OIDC was refused');
      throw new GluewallError('oidc-refused', 'the sign-in was refused; the log of gluewall has the reason');
    }
    return this.#vouched(claims);
  }

  /** What the ID token does not say, the issuer may say of the user when it is asked (OpenID Connect Core §5.3). */
  async #claimsOf(
    issuer: client.Configuration,
    tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  ): Promise<Readonly<Record<string, unknown>>> {
    const claims = tokens.claims()!;
    const { nameClaim, roleClaim } = this.#options;
    if (nameClaim in claims && roleClaim in claims) return claims;
    if (issuer.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await client.fetchUserInfo(issuer, tokens.access_token, claims.sub)), ...claims };
  }

  #vouched(claims: Readonly<Record<string, unknown>>): VouchedUser {
    const { issuer, nameClaim, roleClaim, roles } = this.#options;
    const subject = claims.sub;
    const name = claims[nameClaim];
    if (typeof subject !== 'string' || subject.length > MAX_CLAIM_CHARACTERS) throw noUser('the subject is no text');
    if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_CHARACTERS) {
      throw noUser(
        `the claim ${nameClaim} (console.oidc.name_claim) has no name of 1 to ${MAX_NAME_CHARACTERS} characters`,
      );
    }
    const said = valuesOf(claims[roleClaim]);
    const role = ROLES.toReversed().find((one) => roles[one].some((value) => said.has(value)));
    if (role === undefined) throw noUser(`none of console.oidc.roles is in the claim ${roleClaim} of this user`);
    return { issuer, subject, name, role };
  }

  /** One look-up for all who wait; one that failed is done again, but not at once. */
  #discovered(): Promise<client.Configuration> {
    if (this.#issuer !== undefined) return this.#issuer;
    if (this.#clock.nowMs() < this.#awayUntilMs) return Promise.reject(this.#away('it did not answer just now'));
    const { issuer, clientId, clientSecret } = this.#options;
    const url = new URL(issuer);
    // The configuration lets this be on loopback alone.
    const execute = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
    const metadata = { client_secret: clientSecret, [client.clockTolerance]: CLOCK_SECONDS };
    this.#issuer = client
      .discovery(url, clientId, metadata, clientAuthentication(clientSecret), { execute, timeout: ISSUER_SECONDS })
      .catch((error: unknown) => {
        this.#issuer = undefined;
        this.#awayUntilMs = this.#clock.nowMs() + RETRY_MS;
        throw this.#away(reasonOf(error));
      });
    return this.#issuer;
  }

  #away(reason: string): GluewallError {
    const problem = `${this.#options.issuer} cannot be asked (${printable(reason)})`;
    return new GluewallError('oidc-away', `${problem}: try again, or sign in with a password`);
  }

  #remember(state: string, begun: Omit<Pending, 'expiresAtMs'>): void {
    // Those that were begun first stand first.
    const [oldest] = this.#pending.keys();
    if (this.#pending.size >= MAX_PENDING) this.#pending.delete(oldest!);
    this.#pending.set(state, { ...begun, expiresAtMs: this.#clock.nowMs() + PENDING_MS });
  }

  #take(state: string | null): Pending | undefined {
    if (state === null) return undefined;
    const pending = this.#pending.get(state);
    this.#pending.delete(state);
    return pending === undefined || pending.expiresAtMs <= this.#clock.nowMs() ? undefined : pending;
  }
}

/** Basic is what a client is registered for unless it says otherwise (OpenID Connect Dynamic Registration §2). */
function clientAuthentication(secret: string): client.ClientAuth {
  return (issuer, own, body, headers) => {
    const methods = issuer.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authentication = methods.includes('client_secret_basic') ? client.ClientSecretBasic : client.ClientSecretPost;
    return authentication(secret)(issuer, own, body, headers);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** A claim of groups or roles is a text, or a list of texts. */
function valuesOf(claim: unknown): ReadonlySet<unknown> {
  return new Set(Array.isArray(claim) ? claim.slice(0, MAX_ROLE_VALUES) : [claim]);
}

function noUser(reason: string): GluewallError {
  return new GluewallError(
    'sign-in-refused',
    `the sign-in server vouches for a user that has no place here: ${reason}`,
  );
}

/** The library says what failed, and its cause why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${cause.message}` : messageOf(error);
}
