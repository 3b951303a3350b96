// The difference between a library that this machine does not have and a program of ours that is broken.
import { describe, expect, it } from "vitest";
import { compile, compileError, type ForeignLibrary } from "../../bench/compile.js";
import { Unavailable } from "../../bench/contender.js";

const onednn: ForeignLibrary = { header: "dnnl.hpp", link: "dnnl", debian: "libdnnl-dev" };
const IN_SOURCE = "bench/native/onednn_gru.cc:8:10: fatal error:";

describe("a program of bench/native that does not compile", () => {
  it.each([
    ["GCC's header", `${IN_SOURCE} dnnl.hpp: No such file or directory\ncompilation terminated.`],
    ["Clang's header", `${IN_SOURCE} 'dnnl.hpp' file not found`],
    ["GNU ld's library", "/usr/bin/ld: cannot find -ldnnl: No such file or directory\ncollect2: error: ld returned 1"],
    ["LLVM's library", "ld.lld: error: unable to find library -ldnnl"],
    ["Apple's library", "ld: library 'dnnl' not found"],
  ])("is unavailable where the foreign library is missing: %s", (_, stderr) => {
    const error = compileError("g++ could not compile", stderr, onednn);
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toBe("dnnl.hpp was not found (Debian and Ubuntu have it in libdnnl-dev)");
  });

  it.each([
    ["a header of ours", `${IN_SOURCE} core/gone.h: No such file or directory`, undefined],
    ["a header of ours beside a library", `${IN_SOURCE} core/gone.h: No such file or directory`, onednn],
    ["the library in another way", "onednn_gru.cc:9:3: error: 'dnnl' has not been declared (dnnl.hpp)", onednn],
    ["no library", `${IN_SOURCE} dnnl.hpp: No such file or directory`, undefined],
  ])("is an ordinary error otherwise: %s", (_, stderr, library) => {
    const error = compileError("g++ could not compile", stderr, library);
    expect(error).not.toBeInstanceOf(Unavailable);
    expect(error.message).toBe(`g++ could not compile: ${stderr}`);
  });

  it("is unavailable where there is no compiler", () => {
    const { CXX } = process.env;
    process.env.CXX = "no-such-compiler";
    try {
      expect(() => compile("limits", { output: "never-made" })).toThrow(Unavailable);
    } finally {
      if (CXX === undefined) delete process.env.CXX;
      else process.env.CXX = CXX;
    }
  });
});
