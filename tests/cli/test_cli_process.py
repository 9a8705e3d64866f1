"""The command as a process: speed of the help, no torch before it is needed, interruption, defects."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

_MODULE = [sys.executable, "-m", "mejurix_cli.main"]


def _environment(**more):
    return {**os.environ, "HF_HUB_OFFLINE": "1", **more}


def test_help_is_fast_and_loads_no_torch():
    code = (
        "import sys, resource\n"
        "from mejurix_cli.main import main\n"
        "assert main(['--help']) == 0 and main(['search', '--help']) == 0\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "heavy = {'torch', 'numpy', 'qdrant_client', 'qdrant_edge', 'transformers'} & set(sys.modules)\n"
        "print(used.ru_utime + used.ru_stime, sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    seconds, heavy = done.stderr.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 1.0  # processor time: a busy machine does not fail this
    assert "search" in done.stdout


# A shell without job control starts what it runs in the background with SIGINT ignored, and a child inherits
# that: there the signal of the test would change nothing. Ctrl-C reaches a process that has the usual handler.
_INTERRUPTIBLE = [
    sys.executable,
    "-c",
    "import signal, sys\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from mejurix_cli.main import main\n"
    "sys.exit(main())",
]


def test_interrupted_while_indexing_the_store_is_whole(cli, tmp_path, tiny_folder):
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(60):
        sentences = (
            f"Record {number}: the patient denied severe lumbar pain on visit {i}." for i in range(300)
        )
        (folder / f"{number:03}.txt").write_text("\n\n".join(sentences), encoding="utf-8")
    store = tmp_path / "store"
    command = [*_INTERRUPTIBLE, "index", folder, "-m", "smith", "-s", store, "--model", tiny_folder]
    command = [str(part) for part in command]
    with subprocess.Popen(  # noqa: S603
        command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_until = time.monotonic() + 240
        while not (store / "shard").exists() and process.poll() is None:
            assert time.monotonic() < wait_until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=240)
    if process.returncode == 0:
        pytest.fail("indexing was over before it could be interrupted; give it more to do")
    assert process.returncode == 130, errors
    assert errors.splitlines() == [
        "error: interrupted; what was finished is kept. Run the same command again to go on."
    ]
    assert cli("index", folder / "000.txt", "-m", "smith", "-s", store, "--model", tiny_folder).code == 0
    assert cli("verify", "--store", store).code == 0


def test_a_defect_is_one_line_and_debug_shows_where(cli, monkeypatch):
    import mejurix_st.entities

    def broken(text):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(mejurix_st.entities, "recognize", broken)
    outcome = cli("entities", "fracture")
    assert outcome.code == 2
    assert outcome.error_line.startswith("error: unexpected ZeroDivisionError: division by zero.")
    assert "mejurix-st --debug" in outcome.error_line
    with pytest.raises(ZeroDivisionError):
        cli("--debug", "entities", "fracture")


def test_demo_answers_with_citations_twice_alike(capsys, tmp_path, tiny_folder):
    import typer
    from mejurix_cli.demo import demo
    from mejurix_cli.main import run

    from mejurix_st.samples import sample_questions

    app = typer.Typer(add_completion=False)
    app.command()(demo)
    shown = []
    for _ in range(2):
        assert run(app, ["--store", str(tmp_path / "s"), "--model", str(tiny_folder)], "demo") == 0
        captured = capsys.readouterr()
        shown.append(captured.out)
    assert shown[0] == shown[1]
    assert captured.err.count("0 documents indexed, 12 were there already") == 3
    questions = [question for question in sample_questions() if question.demo]
    assert len(questions) == 3
    assert "ko" in {question.language for question in questions}
    for question in questions:
        assert question.question in " ".join(shown[0].split())
    assert shown[0].count(", page") >= 6
    assert shown[0].rstrip().endswith("own; of han-v-meridian-logistics: none.")
    assert str(tmp_path) not in shown[0]


def test_json_goes_to_standard_output_only(indexed, tiny_folder):
    command = [*_MODULE, "search", "fracture", "-m", "smith", "-s", indexed, "--model", tiny_folder, "--json"]
    done = subprocess.run(  # noqa: S603
        [str(part) for part in command], capture_output=True, text=True, env=_environment(), check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)[0]["rank"] == 1
