# The everyday build (node-gyp). Sources and flags come from native/sources.json, which CMakeLists.txt reads too.
{
  "target_defaults": {
    "default_configuration": "Release",
    "include_dirs": [
      "<!@(node -p \"require('./native/sources.json').include.join(' ')\")",
      "<!(node -p \"require('node-addon-api').include_dir\")"
    ],
    "defines": [
      "<!@(node -p \"require('./native/sources.json').defines.join(' ')\")",
      "<!@(node -p \"(require('./native/sources.json').isa['<(target_arch)'] || { defines: [] }).defines.join(' ')\")"
    ],
    # node's common.gypi sets these; sources.json decides instead, so that both builds give the same code.
    "cflags_cc!": ["-fno-exceptions", "-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["<!@(node -p \"require('./native/sources.json').flags.join(' ')\")"],
    "ldflags": ["<!@(node -p \"(require('./native/sources.json').link['<(OS)'] || []).join(' ')\")"],
    "xcode_settings": {
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "OTHER_CPLUSPLUSFLAGS": ["<!@(node -p \"require('./native/sources.json').flags.join(' ')\")"]
    }
  },
  "conditions": [
    ["target_arch=='x64'", {
      "variables": { "isa_libraries": ["isa_baseline", "isa_avx2", "isa_avx512"] },
      "targets": [
        {
          "target_name": "isa_baseline",
          "type": "static_library",
          "sources": ["<!@(node -p \"require('./native/sources.json').isa.x64.units.baseline.sources.join(' ')\")"],
          "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.x64.units.baseline.flags.join(' ')\")"]
        },
        {
          "target_name": "isa_avx2",
          "type": "static_library",
          "sources": ["<!@(node -p \"require('./native/sources.json').isa.x64.units.avx2.sources.join(' ')\")"],
          "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.x64.units.avx2.flags.join(' ')\")"]
        },
        {
          "target_name": "isa_avx512",
          "type": "static_library",
          "sources": ["<!@(node -p \"require('./native/sources.json').isa.x64.units.avx512.sources.join(' ')\")"],
          "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.x64.units.avx512.flags.join(' ')\")"]
        }
      ]
    }],
    ["target_arch=='arm64'", {
      "variables": { "isa_libraries": ["isa_neon"] },
      "targets": [
        {
          "target_name": "isa_neon",
          "type": "static_library",
          "sources": ["<!@(node -p \"require('./native/sources.json').isa.arm64.units.neon.sources.join(' ')\")"],
          "cflags_cc": ["<!@(node -p \"require('./native/sources.json').isa.arm64.units.neon.flags.join(' ')\")"]
        }
      ]
    }],
    ["target_arch!='x64' and target_arch!='arm64'", {
      "variables": { "isa_libraries": [] }
    }]
  ],
  "targets": [
    {
      "target_name": "cudnn_gru",
      "dependencies": ["<@(isa_libraries)"],
      "sources": [
        "<!@(node -p \"Object.values(require('./native/sources.json').sources).flat().join(' ')\")",
        "<!@(node -p \"Object.values(require('./native/sources.json').platform_sources[process.platform]).flat().join(' ')\")"
      ]
    }
  ]
}
