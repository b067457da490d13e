'use strict';
// `npm install` runs this. It must never fail an install that leaves the compiler out (--omit=dev).
const { build, compiler } = require('./ensure-built.js');

if (compiler() === null) {
  console.error(
    'tepui: compiler not installed, nothing built. Run `npm install` without --omit=dev to build.',
  );
} else if (build() !== 0) {
  console.error('tepui: the build failed; `npm run build` repeats it.');
}
