#!/bin/sh
# Gets the foreign clients of `npm run test:clients`: packages of Debian where apt-get may be used, and in
# .tepui/foreign what is no package there. What cannot be had is skipped by the tests, for the reasons of docs/skips.md.
set -u
cd "$(dirname "$0")/../../.."
status=0
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
  packages='zookeeper zookeeper-bin libzookeeper-mt-dev gcc libc6-dev default-jre-headless libcurator-recipes-java python3-kazoo python3-pure-sasl'
  # shellcheck disable=SC2086
  dpkg -s $packages >/dev/null 2>&1 ||
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } ||
    status=1
fi
npm install --prefix .tepui/foreign --no-audit --no-fund --ignore-scripts --no-save node-zookeeper-client@1.1.3 || status=1
exit $status
