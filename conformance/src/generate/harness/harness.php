<?php
// php harness.php FOLDER: runs the vectors in FOLDER against verify.
declare(strict_types=1);

/**
 * Calls your library. Returns if it accepts the response, and throws if it rejects it. A registration has rp, challenge,
 * user_verification, algorithms and attestation; an authentication has rp, challenge, user_verification, credential and
 * allow_credentials. Byte strings are base64url.
 */
function verify(object $test): void
{
    throw new RuntimeException("call your library for a case of the kind {$test->kind}");
}

$passed = $failed = 0;
foreach (glob("{$argv[1]}/*.json") as $file) {
    foreach (json_decode(file_get_contents($file), flags: JSON_THROW_ON_ERROR)->cases as $test) {
        $got = 'accept';
        try {
            verify($test);
        } catch (Throwable $error) {
            $got = "reject: {$error->getMessage()}";
        }
        if (str_starts_with($got, $test->expect->result)) {
            $passed++;
            continue;
        }
        $failed++;
        $reason = $test->expect->reason ?? '';
        echo "FAILED {$test->id}\n  expected {$test->expect->result} $reason\n  got      $got\n";
    }
}
echo "$passed passed, $failed failed\n";
exit($failed > 0 ? 1 : 0);
