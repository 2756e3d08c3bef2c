import { render } from 'preact';
import { App } from './app.tsx';
import { findPage } from './frame/pages.ts';
import { currentRoute } from './frame/route.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/frame.css';

// Fetched while the console says who is signed in. A failure is shown where the page would be.
const { path, query } = currentRoute();
const first = findPage(path);
first?.load().catch(() => undefined);
first?.askEarly?.(query);
render(<App />, document.getElementById('page')!);
