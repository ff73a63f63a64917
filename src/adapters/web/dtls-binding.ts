import type { Bytes } from '../../core/bytes.ts';
import { fingerprintOf } from '../../core/wire/sdp-fingerprint.ts';

export interface Binding {
  readonly local: Bytes;
  readonly remote: Bytes;
}

/** The certificates that both ends of a connection are bound to. @throws RoostError 'malformed' */
export function bindingOf(connection: RTCPeerConnection): Binding {
  return {
    local: fingerprintOf('local', connection.localDescription?.sdp),
    remote: fingerprintOf('remote', connection.remoteDescription?.sdp),
  };
}
