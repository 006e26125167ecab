/* The engine for zsh: a file in a folder of fpath, or evaluated behind compinit. */
#include "completion.h"

static const char engine[] =
    "_lab_ask() {\n"
    "\tif (( $+commands[lab] )); then\n"
    "\t\tcommand lab \"$@\"\n"
    "\telse\n"
    "\t\t${(Q)words[1]} \"$@\"\n"
    "\tfi 2>/dev/null </dev/null\n"
    "}\n"
    "\n"
    "# Offers the lines WORD tab TEXT. Words are data: compadd quotes them.\n"
    "_lab_take() {\n"
    "\tlocal word text\n"
    "\tlocal -a all shown\n"
    "\twhile IFS=$'\\t' read -r word text; do\n"
    "\t\tall+=(\"$word\")\n"
    "\t\tshown+=(\"$word${text:+  -- $text}\")\n"
    "\tdone\n"
    "\tif [[ \"$shown\" == *'  -- '* ]]; then\n"
    "\t\tcompadd -l -d shown -a all\n"
    "\telse\n"
    "\t\tcompadd -a all\n"
    "\tfi\n"
    "}\n"
    "\n"
    "_lab_machines() {\n"
    "\t[[ $inventory != \\~/* ]] || inventory=$HOME/${inventory#\\~/}\n"
    "\t_lab_take < <(_lab_ask completion machines ${inventory:+\"$inventory\"})\n"
    "}\n"
    "\n"
    "_lab_kind() {\n"
    "\tcase $1 in\n"
    "\tscenario) _lab_take < <(_lab_ask list | tail -n +2 | cut -f 1,6) ;;\n"
    "\ttag) _lab_take < <(_lab_ask list | tail -n +2 | cut -f 2 | grep -vx -e - | sort -u; "
    "_lab_say level) ;;\n"
    "\trun) _lab_take < <(_lab_ask runs | cut -f 1,3) ;;\n"
    "\tall | rm) compadd $1 ;;\n"
    "\tini) _files -g '*.ini' ;;\n"
    "\tcapture) _files -g '*.(pcap|pcapng)' ;;\n"
    "\tdir) [[ -z $PREFIX && $before != -* ]] || _files -/ ;;\n"
    "\tmachine) _lab_machines ;;\n"
    "\tbind) ! compset -P '*=' || _lab_machines ;;\n"
    "\tany) ;;\n"
    "\tchoice) _lab_take < <(_lab_say \"choice.$before\") ;;\n"
    "\t*) _lab_take < <(_lab_say $1) ;;\n"
    "\tesac\n"
    "}\n"
    "\n"
    "_lab() {\n"
    "\tlocal before=$words[CURRENT-1] typed command='' skip='' kinds='' kind word\n"
    "\tlocal inventory='' option='' past=''\n"
    "\tlocal -i count=0\n"
    "\tif [[ $PREFIX == --*=* ]]; then\n"
    "\t\tbefore=${PREFIX%%=*}\n"
    "\t\tcompset -P 1 '*='\n"
    "\tfi\n"
    "\ttyped=$PREFIX\n"
    "\tfor word in \"${(@)words[2,CURRENT-1]}\"; do\n"
    "\t\tif [[ -n $skip ]]; then\n"
    "\t\t\tskip=''\n"
    "\t\t\t[[ $option != --inventory ]] || inventory=${(Q)word}\n"
    "\t\telif [[ $word == --*=* ]]; then\n"
    "\t\t\t[[ $word != --inventory=* ]] || inventory=${(Q)word#*=}\n"
    "\t\telif [[ $word == -- ]]; then\n"
    "\t\t\tpast=1\n"
    "\t\telif [[ $word == -* ]]; then\n"
    "\t\t\toption=$word\n"
    "\t\t\t[[ -z \"$(_lab_kinds $word)\" ]] || skip=1\n"
    "\t\telif [[ -z $command ]]; then\n"
    "\t\t\tcommand=$word\n"
    "\t\telse\n"
    "\t\t\tcount+=1\n"
    "\t\tfi\n"
    "\tdone\n" COMPLETION_KINDS "}\n"
    "\n"
    "if [[ $funcstack[1] == _lab ]]; then\n"
    "\t_lab \"$@\"\n"
    "elif (( $+functions[compdef] )); then\n"
    "\tcompdef _lab lab\n"
    "fi\n";

const struct completion_shell completion_zsh = {
	.name = "zsh",
	.head = "#compdef lab\n# printed by `lab completion zsh` from its tables\n",
	.prefix = "_lab",
	.function = "() {\n",
	.end = "}\n",
	.choose = "\tcase $1 in\n",
	.choose_end = "\tesac\n",
	.arm = "",
	.arm_end = ")\n",
	.rows_end = " ;;\n",
	.between = " | ",
	.quote = "'\\''",
	.engine = engine,
};
