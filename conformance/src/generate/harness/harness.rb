# ruby harness.rb FOLDER: runs the vectors in FOLDER against verify.
require "json"

# Calls your library. Returns if it accepts the response, and raises if it rejects it. A registration has rp, challenge,
# user_verification, algorithms and attestation; an authentication has rp, challenge, user_verification, credential and
# allow_credentials. Byte strings are base64url.
def verify(test)
  raise "call your library for a case of the kind #{test["kind"]}"
end

passed = failed = 0
Dir.glob(File.join(ARGV.fetch(0), "*.json")).sort.each do |file|
  JSON.parse(File.read(file)).fetch("cases").each do |test|
    got = begin
      verify(test)
      "accept"
    rescue StandardError => error
      "reject: #{error.message}"
    end
    expect = test.fetch("expect")
    if got.start_with?(expect.fetch("result"))
      passed += 1
    else
      failed += 1
      puts "FAILED #{test["id"]}\n  expected #{expect["result"]} #{expect["reason"]}\n  got      #{got}"
    end
  end
end
puts "#{passed} passed, #{failed} failed"
exit(failed.zero? ? 0 : 1)
