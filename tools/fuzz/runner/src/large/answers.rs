//! Of what providers and models answer.

use super::{Large, large};

/// Of answers in OpenAI's protocol.
pub const OPENAI: &[Large] = &[
    large("nested lists", "whole\n", "[", ""),
    large(
        "nested arguments",
        "whole\n{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{\"name\":\"a\",\"arguments\":",
        "{\"a\":",
        "}}]}}]}",
    ),
    large(
        "choices",
        "whole\n{\"choices\":[",
        "{\"message\":{\"content\":\"a\"}},",
        "{}]}",
    ),
    large(
        "calls",
        "whole\n{\"choices\":[{\"message\":{\"tool_calls\":[",
        "{\"function\":{\"name\":\"a\",\"arguments\":\"b\"}},",
        "{}]}}]}",
    ),
    large(
        "digits",
        "whole\n{\"choices\":[],\"usage\":{\"prompt_tokens\":",
        "9",
        "}}",
    ),
    large("a page", "whole\n<html>", "<title>", ""),
    large(
        "tiny events",
        "events 4096\n",
        "data:{}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "events of one byte",
        "events 1\n",
        "data:{}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "deltas",
        "events 4096\n",
        "data:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "calls, event by event",
        "events 4096\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"a\"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "calls with a name, event by event",
        "events 4096\ndata:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"n\",\"arguments\":\"[\"}}]}}]}\n\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"n\",\"arguments\":\"1,1,1,1,\"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "the first of many calls",
        "events 4096\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"n\",\"arguments\":\"{}\"}},{\"index\":0,\"function\":{\"arguments\":\" \"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "calls without an index",
        "events 4096\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"n\",\"arguments\":\"a\"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "calls with new ids",
        "events 4096\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"#######\",\"function\":{\"name\":\"n\",\"arguments\":\"a\"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "the first of many calls, by its id",
        "events 4096\ndata:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"n\"}}]}}]}\n\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"n\",\"arguments\":\"{}\"}},{\"id\":\"a\",\"function\":{\"arguments\":\" \"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "a call that seems to end, event by event",
        "events 4096\ndata:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"n\",\"arguments\":\"[\"}}]}}]}\n\n",
        "data:{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"n\",\"arguments\":\"1,1,1,{}\"}}]}}]}\n\n",
        "data:[DONE]\n\n",
    ),
    large(
        "usage again and again",
        "events 4096\n",
        "data:{\"usage\":{\"prompt_tokens\":1}}\n\n",
        "data:[DONE]\n\n",
    ),
    large("an event of many lines", "events 4096\n", "data: a\n", "\n"),
    large("an event in bytes", "events 1\ndata: ", "a", "\n\n"),
    large("comments", "events 4096\n", ":\n", "data:[DONE]\n\n"),
    large("empty lines", "events 4096\n", "\n", ""),
    large("a long field", "events 4096\n", "a", ""),
    large("returns", "events 7\n", "\r", ""),
    large(
        "a long refusal",
        "refused 400 1\n{\"error\":{\"message\":\"",
        "maximum context length ",
        "\"}}",
    ),
    large("a long page", "refused 502\n<html>", "<title>", "</title>"),
    large(
        "keys",
        "whole\n{\"choices\":[{\"message\":{\"content\":\"",
        "sk-fuzz-0123456789",
        "\"}}]}",
    ),
    large("a long wait", "refused 429 ", "9", "\n"),
];

/// Of answers in Anthropic's protocol.
pub const ANTHROPIC: &[Large] = &[
    large("nested lists", "whole\n", "[", ""),
    large(
        "nested input",
        "whole\n{\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"b\",\"input\":",
        "{\"a\":",
        "}]}",
    ),
    large(
        "blocks",
        "whole\n{\"content\":[",
        "{\"type\":\"text\",\"text\":\"a\"},",
        "{}]}",
    ),
    large(
        "blocks, event by event",
        "events 4096\n",
        "data:{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\"}}\n\n",
        "data:{\"type\":\"message_stop\"}\n\n",
    ),
    large(
        "deltas without a block",
        "events 4096\n",
        "data:{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"text\":\"a\"}}\n\n",
        "data:{\"type\":\"message_stop\"}\n\n",
    ),
    large(
        "deltas of the first of many blocks",
        "events 4096\n",
        "data:{\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\"},\"index\":1}\n\ndata:{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"text\":\"a\"}}\n\n",
        "data:{\"type\":\"message_stop\"}\n\n",
    ),
    large(
        "usage again and again",
        "events 4096\n",
        "data:{\"type\":\"message_delta\",\"usage\":{\"output_tokens\":1}}\n\n",
        "data:{\"type\":\"message_stop\"}\n\n",
    ),
    large(
        "new fields of usage",
        "whole\n{\"content\":[],\"usage\":{",
        "\"a\":1,",
        "\"b\":1}}",
    ),
    large("pings", "events 1\n", "event: ping\ndata:{}\n\n", ""),
    large("an event in bytes", "events 1\ndata: ", "a", "\n\n"),
    large(
        "a long refusal",
        "refused 529\n{\"error\":{\"message\":\"",
        "overloaded ",
        "\"}}",
    ),
    large(
        "keys",
        "whole\n{\"content\":[{\"type\":\"text\",\"text\":\"",
        "sk-fuzz-0123456789",
        "\"}]}",
    ),
];

/// Of structured answers.
pub const REPLY: &[Large] = &[
    large("nested lists", "{\"tasks\":", "[", "}"),
    large("nested objects", "", "{\"a\":", ""),
    large("fences", "", "```\n{\n", ""),
    large("fences on one line", "", "```", ""),
    large("a fence that never ends", "```json\n{\"a\":\"", "a", ""),
    large(
        "tasks",
        "{\"tasks\":[",
        "{\"id\":\"a\",\"title\":\"b\",\"brief\":\"c\",\"kind\":\"document\",\"artifacts\":[\"a.md\"]},",
        "{}]}",
    ),
    large(
        "needs",
        "{\"tasks\":[{\"id\":\"a\",\"title\":\"b\",\"brief\":\"c\",\"kind\":\"document\",\"artifacts\":[\"a.md\"],\"needs\":[",
        "\"a\",",
        "\"a\"]}]}",
    ),
    large(
        "files",
        "{\"files\":[",
        "{\"path\":\"a\",\"content\":\"b\"},",
        "{\"path\":\"a\",\"content\":\"b\"}]}",
    ),
    large(
        "items",
        "{\"title\":\"t\",\"sub_objectives\":[",
        "{\"title\":\"a\"},",
        "{\"title\":\"a\"}]}",
    ),
    large(
        "a long description",
        "{\"title\":\"t\",\"sub_objectives\":[{\"title\":\"a\",\"description\":\"",
        "**1. x** - y\\n",
        "\"}]}",
    ),
    large(
        "files of an item",
        "{\"title\":\"t\",\"sub_objectives\":[{\"title\":\"a\",\"files\":[",
        "\"a\",",
        "\"b\"]}]}",
    ),
    large(
        "risks",
        "{\"title\":\"t\",\"risks\":[",
        "\"r\",",
        "\"r\"],\"sub_objectives\":[{\"title\":\"a\"}]}",
    ),
    large(
        "defects",
        "{\"passed\":false,\"summary\":\"s\",\"defects\":[",
        "{\"severity\":\"major\",\"class\":\"substantive\",\"what\":\"w\"},",
        "{}]}",
    ),
    large(
        "notes",
        "{\"notes\":[",
        "{\"kind\":\"fact\",\"title\":\"t\",\"body\":\"b\"},",
        "{}]}",
    ),
    large(
        "divergences",
        "{\"outcome\":\"continue\",\"divergences\":[",
        "\"d\",",
        "\"d\"]}",
    ),
    large(
        "a team state",
        "{\"outcome\":\"continue\",\"team_state\":\"",
        "\\u00e9",
        "\"}",
    ),
    large(
        "digits",
        "{\"title\":\"t\",\"estimate\":{\"calls\":",
        "9",
        "}}",
    ),
];

/// Of arguments of tools.
pub const ARGUMENTS: &[Large] = &[
    large("nested lists", "read_file\n", "[", ""),
    large("a deep path", "read_file\n{\"path\":\"", "a/", "\"}"),
    large("a path of dots", "read_file\n{\"path\":\"", "./", "\"}"),
    large(
        "a deep path to write",
        "write_file\n{\"content\":\"x\",\"path\":\"",
        "a/",
        "\"}",
    ),
    large(
        "a long file",
        "write_file\n{\"path\":\"big.md\",\"content\":\"",
        "line\\n",
        "\"}",
    ),
    large(
        "a long text to replace",
        "edit_file\n{\"path\":\"sub/b.txt\",\"new\":\"c\",\"old\":\"",
        "b",
        "\"}",
    ),
    large(
        "a long replacement",
        "edit_file\n{\"path\":\"sub/b.txt\",\"old\":\"b\",\"all\":true,\"new\":\"",
        "c",
        "\"}",
    ),
    large(
        "alternatives",
        "search_files\n{\"pattern\":\"",
        "b|",
        "b\"}",
    ),
    large("groups", "search_files\n{\"pattern\":\"", "(", "\"}"),
    large("stars", "search_files\n{\"pattern\":\"b", "*", "\"}"),
    large(
        "repetitions",
        "search_files\n{\"pattern\":\"",
        "b{1000}",
        "\"}",
    ),
    large("a class", "search_files\n{\"pattern\":\"[", "a-z", "]\"}"),
    large(
        "a glob",
        "search_files\n{\"pattern\":\"b\",\"glob\":\"",
        "{a,",
        "\"}",
    ),
    large(
        "stars of a glob",
        "search_files\n{\"pattern\":\"b\",\"glob\":\"",
        "*a",
        "\"}",
    ),
    large(
        "digits",
        "read_file\n{\"path\":\"a.md\",\"from_line\":",
        "9",
        "}",
    ),
    large(
        "unknown arguments",
        "read_file\n{",
        "\"a\":1,",
        "\"path\":\"a.md\"}",
    ),
    large("a long name", "", "x", "\n{}"),
];
