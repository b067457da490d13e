import assert from 'node:assert/strict';
import { Metadata, status as Status } from '@grpc/grpc-js';
import { CATALOGUE, TepuiError, type ErrorCode } from '../../lib/base/index.js';
import { errorFromStatus, errorOf, refusalOf, statusOf } from '../../lib/wire/index.js';

const CODES = Object.keys(CATALOGUE) as ErrorCode[];

function plain(code: Status, details: string): TepuiError {
  return errorFromStatus({ code, details, metadata: new Metadata() });
}

describe('errors over gRPC', () => {
  it('arrive with the code, message and certainty they left with', () => {
    for (const code of CODES) {
      const arrived = errorFromStatus(statusOf(new TepuiError(code, `about ${code}`)));
      assert.equal(arrived.code, code);
      assert.equal(arrived.message, `about ${code}`);
      assert.equal(arrived.certainty, CATALOGUE[code].certainty);
      assert.equal(errorOf(refusalOf(new TepuiError(code, 'x'))).code, code);
    }
  });

  it('never become more certain on the way', () => {
    const claimed = errorOf({ code: 'NO_LEADER', message: 'm', outcomeUnknown: true });
    assert.equal(claimed.code, 'OUTCOME_UNKNOWN');
    assert.equal(
      errorOf({ code: 'FROM_THE_FUTURE', message: 'm', outcomeUnknown: true }).code,
      'OUTCOME_UNKNOWN',
    );
    assert.equal(
      errorOf({ code: 'FROM_THE_FUTURE', message: 'm', outcomeUnknown: false }).code,
      'UNSUPPORTED',
    );
  });

  it('without a code of ours count as surely not done only when nothing was sent', () => {
    assert.equal(
      plain(Status.UNAVAILABLE, 'No connection established. Last error: connect').code,
      'UNREACHABLE',
    );
    assert.equal(plain(Status.UNAVAILABLE, 'Connection dropped').code, 'OUTCOME_UNKNOWN');
    assert.equal(plain(Status.CANCELLED, 'Call cancelled').certainty, 'unknown');
    assert.equal(plain(Status.INTERNAL, 'Received RST_STREAM with code 2').certainty, 'unknown');
    assert.equal(plain(Status.DEADLINE_EXCEEDED, 'Deadline exceeded').code, 'DEADLINE');
    assert.equal(
      plain(Status.UNAVAILABLE, 'No connection established. Last error: self-signed certificate').code,
      'TLS',
    );
  });
});
