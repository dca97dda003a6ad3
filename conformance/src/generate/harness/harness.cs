// dotnet run harness.cs FOLDER: runs the vectors in FOLDER against Verify.
using System.Text.Json;

int passed = 0, failed = 0;
foreach (var file in Directory.GetFiles(args[0], "*.json").Order(StringComparer.Ordinal))
{
    using var vectors = JsonDocument.Parse(File.ReadAllText(file));
    foreach (var test in vectors.RootElement.GetProperty("cases").EnumerateArray())
    {
        var got = "accept";
        try
        {
            await Verify(test);
        }
        catch (Exception error)
        {
            got = $"reject: {error.Message}";
        }
        var expect = test.GetProperty("expect");
        var result = expect.GetProperty("result").GetString()!;
        if (got.StartsWith(result, StringComparison.Ordinal))
        {
            passed++;
            continue;
        }
        failed++;
        var reason = expect.TryGetProperty("reason", out var text) ? text.GetString() : "";
        Console.WriteLine($"FAILED {test.GetProperty("id")}\n  expected {result} {reason}\n  got      {got}");
    }
}
Console.WriteLine($"{passed} passed, {failed} failed");
return failed > 0 ? 1 : 0;

// Calls your library. Returns if it accepts the response, and throws if it rejects it. A registration has rp, challenge,
// user_verification, algorithms and attestation; an authentication has rp, challenge, user_verification, credential and
// allow_credentials. Byte strings are base64url.
static Task Verify(JsonElement test) =>
    throw new NotImplementedException($"call your library for a case of the kind {test.GetProperty("kind")}");
