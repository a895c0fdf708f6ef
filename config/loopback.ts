/** Which hosts are loopback: reached from this machine only. */
import ipaddr from 'ipaddr.js';

/** Whether a name or an address (IPv6 without brackets) is this machine's alone, in whichever way it is written. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}
