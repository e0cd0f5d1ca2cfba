// "Sign in" beside the tabs: runs the login mutation and keeps the Authorization header of every tab up to date.
import { Button, useGraphiQL } from '@graphiql/react';
import { type FormEvent, useEffect, useRef, useState } from 'react';

import { bearerOf, withBearer } from './headers';
import { renew, signIn, type Session } from './session';

// The demo community exists only on servers that listen on loopback.
const IS_LOCAL = ['localhost', '127.0.0.1', '[::1]'].includes(window.location.hostname);
const SUGGESTED = IS_LOCAL ? { handle: 'alice', password: 'demo-password' } : { handle: '', password: '' };

const RENEW_BEFORE_EXPIRY_MS = 60_000;
const SHORTEST_RENEWAL_MS = 5_000;

export function SignIn() {
  const [session, setSession] = useState<Session>();
  const [isOpen, setIsOpen] = useState(false);
  useBearerInHeaders(session?.accessToken);
  useRenewal(session, setSession);

  if (session) {
    return (
      <div className="rookery-session">
        <span>
          Signed in as <b>@{session.handle}</b>
        </span>
        <Button type="button" onClick={() => setSession(undefined)}>
          Sign out
        </Button>
      </div>
    );
  }
  return (
    <div className="rookery-session">
      <Button type="button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        Sign in
      </Button>
      {isOpen && (
        <SignInPanel
          onClose={() => setIsOpen(false)}
          onSession={(opened) => {
            setSession(opened);
            setIsOpen(false);
          }}
        />
      )}
    </div>
  );
}

type PanelProps = { onClose: () => void; onSession: (session: Session) => void };

function SignInPanel({ onClose, onSession }: PanelProps) {
  const [problem, setProblem] = useState('');
  const [isPending, setIsPending] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsPending(true);
    try {
      onSession(await signIn(String(form.get('handle')), String(form.get('password'))));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setIsPending(false);
    }
  }

  return (
    <form
      className="rookery-panel"
      aria-label="Sign in"
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <label>
        Handle
        <input name="handle" autoComplete="username" autoCapitalize="none" required autoFocus {...initial('handle')} />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required {...initial('password')} />
      </label>
      {problem && <p role="alert">{problem}</p>}
      <Button type="submit" disabled={isPending}>
        {isPending ? 'Signing in…' : 'Sign in'}
      </Button>
      <small>Fills in the Authorization header of every tab. Nothing is stored; a reload signs you out.</small>
    </form>
  );
}

function initial(field: keyof typeof SUGGESTED) {
  return { defaultValue: SUGGESTED[field] };
}

/**
 * Writes the token into the headers editor whenever the token or the tab changes: each tab has headers of its own.
 * A token that someone typed themselves is left alone.
 */
function useBearerInHeaders(token: string | undefined) {
  const editor = useGraphiQL((state) => state.headerEditor);
  const tabId = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const given = useRef(new Set<string>());

  useEffect(() => {
    if (!editor) return;
    const text = editor.getValue();
    const present = bearerOf(text);
    if (present !== undefined && !given.current.has(present)) return;
    if (token !== undefined) given.current.add(token);
    if (present !== token) editor.setValue(withBearer(text, token));
  }, [editor, tabId, token]);
}

/** Replaces the tokens a minute before they expire; a session that cannot be renewed is over. */
function useRenewal(session: Session | undefined, setSession: (session: Session | undefined) => void) {
  useEffect(() => {
    if (!session) return;
    let isCurrent = true;
    const leftMs = Date.parse(session.expiresAt) - Date.now() - RENEW_BEFORE_EXPIRY_MS;
    const timer = setTimeout(
      () =>
        void renew(session).then(
          (renewed) => isCurrent && setSession(renewed),
          () => isCurrent && setSession(undefined),
        ),
      Math.max(leftMs, SHORTEST_RENEWAL_MS),
    );
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [session, setSession]);
}
