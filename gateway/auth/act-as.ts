// Act as: takes the place of authentication where the caller is already known.
import type { Principal } from '../core/principal.ts';
import type { Stage } from '../core/stage.ts';

/** The stage; every exchange is the principal's, whatever its head says. */
export function actAs(principal: Principal): Stage {
  return (next) => (x) => {
    x.principal = principal;
    return next(x);
  };
}
