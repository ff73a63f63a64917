import { checkCapabilities } from '../adapters/web/capabilities.ts';
import { faultOf } from '../core/errors.ts';
import { watchUpdates } from './boot/updates.ts';
import { mountEntry } from './mount-app.ts';

async function main(target: HTMLElement): Promise<void> {
  mountEntry(target, { kind: 'loading' });
  const capabilities = await checkCapabilities();
  if (!capabilities.ok) {
    mountEntry(target, { kind: 'missing', missing: capabilities.missing });
    return;
  }
  try {
    // Its own chunk: what is said above needs none of it.
    const { runTabs } = await import('./boot/tabs.ts');
    await runTabs(target, watchUpdates());
  } catch (error) {
    mountEntry(target, { kind: 'failed', fault: faultOf(error) });
    throw error;
  }
}

const target = document.querySelector<HTMLElement>('#app');
if (target) void main(target);
