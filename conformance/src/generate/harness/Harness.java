// java -cp 'lib/*' Harness.java FOLDER: runs the vectors in FOLDER against verify. Needs jackson-databind.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

public class Harness {
    /**
     * Calls your library. Returns if it accepts the response, and throws if it rejects it.
     * A registration has rp, challenge, user_verification, algorithms and attestation; an authentication has rp,
     * challenge, user_verification, credential and allow_credentials. Byte strings are base64url.
     */
    static void verify(JsonNode test) throws Exception {
        throw new UnsupportedOperationException("call your library for a case of the kind " + test.get("kind").asText());
    }

    public static void main(String[] arguments) throws Exception {
        List<Path> files;
        try (var found = Files.list(Path.of(arguments[0]))) {
            files = found.filter(path -> path.toString().endsWith(".json")).sorted().toList();
        }
        int passed = 0;
        int failed = 0;
        for (Path file : files) {
            for (JsonNode test : new ObjectMapper().readTree(file.toFile()).get("cases")) {
                String got = "accept";
                try {
                    verify(test);
                } catch (Exception error) {
                    got = "reject: " + error.getMessage();
                }
                JsonNode expect = test.get("expect");
                if (got.startsWith(expect.get("result").asText())) {
                    passed++;
                } else {
                    failed++;
                    System.out.printf(
                        "FAILED %s%n  expected %s %s%n  got      %s%n",
                        test.get("id").asText(), expect.get("result").asText(), expect.path("reason").asText(), got);
                }
            }
        }
        System.out.printf("%d passed, %d failed%n", passed, failed);
        System.exit(failed > 0 ? 1 : 0);
    }
}
