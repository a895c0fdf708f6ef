// The page's script: starts the updates, the buttons and the form.
import { startControls } from './controls.js';
import { startLive } from './live.js';
import { startTry } from './try.js';

startLive();
startControls();
startTry();
